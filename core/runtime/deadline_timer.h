// Runs something when its time has come, unless it was cancelled before.
#ifndef PARANET_CORE_RUNTIME_DEADLINE_TIMER_H_
#define PARANET_CORE_RUNTIME_DEADLINE_TIMER_H_

#include <cstdint>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace paranet {

// One thread that sleeps until the next time. Thread-safe.
class DeadlineTimer {
 public:
  // Names one entry. A default Id names none.
  struct Id {
    absl::Time time = absl::InfinitePast();
    uint64_t number = 0;
    friend bool operator<(const Id& a, const Id& b) { return a.time != b.time ? a.time < b.time : a.number < b.number; }
  };

  DeadlineTimer();
  // Waits for a callback that runs; forgets all others.
  ~DeadlineTimer();
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // Runs `callback`, which must not block, on the timer's thread at `time`, soon if that has passed. An infinite `time`
  // never comes: no entry is made.
  Id Add(absl::Time time, absl::AnyInvocable<void()> callback);
  // Forgets the entry if it has not begun to run. Returns whether it was forgotten.
  bool Cancel(const Id& id);

 private:
  void Loop();
  void Sleep(absl::Time until) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  absl::CondVar changed_;
  std::map<Id, absl::AnyInvocable<void()>> entries_ ABSL_GUARDED_BY(mu_);
  // When the thread wakes by itself: InfinitePast while it is awake.
  absl::Time wakes_at_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  uint64_t next_number_ ABSL_GUARDED_BY(mu_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_DEADLINE_TIMER_H_
