// Counts the calls that this node makes over one link, so that the link can be let go when the last of them has ended.
#ifndef PARANET_FEDERATION_CALL_TALLY_H_
#define PARANET_FEDERATION_CALL_TALLY_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/functional/any_invocable.h"

namespace paranet {

// Thread-safe; no locks, because it is touched twice by every call.
class CallTally {
 public:
  void Begin() { count_.fetch_add(1, std::memory_order_relaxed); }
  // Once for each Begin.
  void End() {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (auto idle = std::exchange(idle_, nullptr)) idle();
  }

  // Runs `idle` once, when no call is under way: perhaps at once. To be called once, when nobody begins any more.
  void OnIdle(absl::AnyInvocable<void()> idle) {
    idle_ = std::move(idle);
    End();
  }

 private:
  // One of them is OnIdle's, so that 0 is reached only after it.
  std::atomic<int64_t> count_ = 1;
  absl::AnyInvocable<void()> idle_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_CALL_TALLY_H_
