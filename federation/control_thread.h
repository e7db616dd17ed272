// The thread on which a federation makes its decisions: links change state, catalogues are offered, timers expire.
//
// What runs here runs one at a time, so control state needs no locks, and no lock of ours is held while we call out.
#ifndef PARANET_FEDERATION_CONTROL_THREAD_H_
#define PARANET_FEDERATION_CONTROL_THREAD_H_

#include <cstdint>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace paranet {

// Thread-safe.
class ControlThread {
 public:
  using Work = absl::AnyInvocable<void()>;

  ControlThread();
  // Stop().
  ~ControlThread();

  // Runs `work` after all that was posted before. After Stop, `work` is dropped.
  void Post(Work work);
  // Runs `work` at `when` of the system's clock or as soon after as possible. Returns an id, never 0, for Cancel.
  uint64_t At(absl::Time when, Work work);
  // Drops the work if it has not begun.
  void Cancel(uint64_t id);
  // Lets the running work end, drops the rest, joins the thread. Not to be called on the thread itself. Idempotent.
  void Stop();

 private:
  void Run();

  absl::Mutex mu_;
  absl::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::deque<Work> posted_ ABSL_GUARDED_BY(mu_);
  std::map<std::pair<absl::Time, uint64_t>, Work> timed_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, absl::Time> times_ ABSL_GUARDED_BY(mu_);
  absl::Mutex join_mu_;
  std::thread thread_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_CONTROL_THREAD_H_
