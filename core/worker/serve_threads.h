// The threads of a worker: they read what the node sends and run the actor's handlers.
#ifndef PARANET_CORE_WORKER_SERVE_THREADS_H_
#define PARANET_CORE_WORKER_SERVE_THREADS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace paranet {

// All threads are alike. One of them has the part of the reader; when it has read calls it runs them itself, so that a
// call costs no change of thread. If they take longer than a millisecond or two, or block in the host, another thread
// takes the part over. One at a time: what runs of the actor holds the lane, and lets go of it while it blocks in the
// host.
//
// Thread-safe; made with make_shared, because its threads keep it.
class ServeThreads : public std::enable_shared_from_this<ServeThreads> {
 public:
  // One thing to run in the lane.
  class Job {
   public:
    virtual ~Job() = default;
    virtual void Run() = 0;
    // Nobody waits for it any more: it may be forgotten without having run.
    virtual bool dropped() const = 0;
  };

  struct Options {
    // Jobs may run at the same time.
    bool concurrent = false;
    // Jobs at the same time, blocked ones included.
    int max_threads = 256;
    // Blocks for something to read and deals with it (Push); false: there will never be anything. One thread at a time.
    std::function<bool()> read;
    // Sends what is queued; often.
    std::function<void()> flush;
  };

  explicit ServeThreads(Options options) : options_(std::move(options)) {}
  ServeThreads(const ServeThreads&) = delete;
  ServeThreads& operator=(const ServeThreads&) = delete;

  // Runs `body` in the lane, on this thread; others read meanwhile if it takes long. Before Loop.
  void RunHere(absl::FunctionRef<void()> body);
  // Works until Exit.
  void Loop();
  // All threads leave as soon as what they run returns. The reader must be made to return by the caller.
  void Exit();
  // After Exit: false if some have not left at `deadline`.
  bool WaitForAll(absl::Time deadline);

  void Push(std::shared_ptr<Job> job);
  // Takes jobs that are dropped() out of the queue, now and then.
  void Sweep();
  // Runs `body` in the lane on a thread of its own. False if there is none.
  [[nodiscard]] bool RunOnThread(absl::AnyInvocable<void()> body);

  // True on a thread that runs the actor's code: what it queues is sent by the loop.
  bool inside() const { return current_ == this; }
  // Nothing has come to its end since the last time this was asked, and no thread is free to begin anything.
  bool Stuck();

  // While it lives this thread, if it is inside, is outside: blocks in the host.
  class Blocked {
   public:
    explicit Blocked(ServeThreads& threads);
    ~Blocked();
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

   private:
    ServeThreads* const threads_;
  };

 private:
  bool CanRun() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    // One thread more than that is in Loop: somebody can always read what the others wait for.
    if (in_jobs_ >= options_.max_threads) return false;
    return options_.concurrent || (!lane_busy_ && lane_waiting_ == 0);
  }
  void EnterLane() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LeaveLane() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Somebody who is free looks at what there is to do.
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool StartThread(absl::AnyInvocable<void()> body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Watch();
  void WatchSoon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  static inline thread_local const ServeThreads* current_ = nullptr;

  const Options options_;
  absl::Mutex mu_;
  absl::CondVar work_;
  absl::CondVar lane_;
  absl::CondVar watch_;
  absl::CondVar left_;
  std::deque<std::shared_ptr<Job>> queue_ ABSL_GUARDED_BY(mu_);
  bool exiting_ ABSL_GUARDED_BY(mu_) = false;
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t reads_ ABSL_GUARDED_BY(mu_) = 0;
  bool lane_busy_ ABSL_GUARDED_BY(mu_) = false;
  int lane_waiting_ ABSL_GUARDED_BY(mu_) = 0;
  // Threads in the actor's code and not blocked in the host.
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  // Threads in Loop; and those of them that wait in vain; and how many of those were told to look.
  int workers_ ABSL_GUARDED_BY(mu_) = 0;
  // Threads in a job, blocked in the host or not.
  int in_jobs_ ABSL_GUARDED_BY(mu_) = 0;
  int idle_ ABSL_GUARDED_BY(mu_) = 0;
  int tokens_ ABSL_GUARDED_BY(mu_) = 0;
  // All threads that this has started.
  int started_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t completed_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t completed_before_ ABSL_GUARDED_BY(mu_) = 0;
  bool watcher_started_ ABSL_GUARDED_BY(mu_) = false;
  bool watching_ ABSL_GUARDED_BY(mu_) = false;
  size_t swept_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_SERVE_THREADS_H_
