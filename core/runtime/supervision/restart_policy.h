// When an actor whose process has failed is started again, and when not any more.
#ifndef PARANET_CORE_RUNTIME_SUPERVISION_RESTART_POLICY_H_
#define PARANET_CORE_RUNTIME_SUPERVISION_RESTART_POLICY_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>

#include "absl/time/time.h"

namespace paranet {

struct RestartOptions {
  // Before the first restart, and the most; each in a row waits twice as long as the one before.
  absl::Duration first = absl::Milliseconds(100);
  absl::Duration most = absl::Seconds(30);
  // What runs for as long is well again: the next failure is the first one.
  absl::Duration well_after = absl::Seconds(60);
  // So many failures within this time are too many.
  size_t failures = 10;
  absl::Duration within = absl::Minutes(5);
};

// Not thread-safe.
class RestartPolicy {
 public:
  explicit RestartPolicy(RestartOptions options) : options_(options) {}

  // A process that got ready `started` (InfinitePast if it never did) has failed `now`. How long to wait before the
  // next one, between half and all of what is due, by `random` (0 to 1): actors that failed together do not come back
  // together. nullopt: it has failed too often.
  std::optional<absl::Duration> OnFailure(absl::Time started, absl::Time now, double random) {
    if (started != absl::InfinitePast() && now - started >= options_.well_after) in_a_row_ = 0;
    ++in_a_row_;
    failures_.push_back(now);
    while (now - failures_.front() > options_.within) failures_.pop_front();
    if (failures_.size() >= options_.failures) return std::nullopt;
    absl::Duration due = options_.first;
    for (size_t i = 1; i < in_a_row_ && due < options_.most; ++i) due *= 2;
    return std::min(due, options_.most) * (0.5 + (random / 2));
  }

 private:
  const RestartOptions options_;
  size_t in_a_row_ = 0;
  std::deque<absl::Time> failures_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_SUPERVISION_RESTART_POLICY_H_
