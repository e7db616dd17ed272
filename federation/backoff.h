// How long to wait before the next attempt: exponential, with full jitter, so that peers that lost the same node do not
// come back in step.
#ifndef PARANET_FEDERATION_BACKOFF_H_
#define PARANET_FEDERATION_BACKOFF_H_

#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace paranet {

class Backoff {
 public:
  // Pauses are uniform between 0 and `base`, then twice that, and so on up to `cap`.
  Backoff(absl::Duration base, absl::Duration cap) : base_(base), cap_(cap), limit_(base) {}

  // The next pause.
  absl::Duration Next() {
    const absl::Duration pause = limit_ * absl::Uniform(random_, 0.0, 1.0);
    limit_ = std::min(limit_ * 2, cap_);
    return pause;
  }
  // An attempt succeeded.
  void Reset() { limit_ = base_; }

 private:
  const absl::Duration base_;
  const absl::Duration cap_;
  absl::Duration limit_;
  absl::BitGen random_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_BACKOFF_H_
