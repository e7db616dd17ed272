// The threads that actors' handlers run on.
//
// Handlers may block, so the number of threads follows the need: a few from the start, one more whenever tasks wait and
// none of those running comes to its end, up to a limit; threads that find nothing to do for a while leave. What runs
// for long (a streaming call) gets a thread at once, or is refused: it must not hold up the short tasks.
#ifndef PARANET_CORE_RUNTIME_ACTOR_EXECUTOR_H_
#define PARANET_CORE_RUNTIME_ACTOR_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "core/runtime/deadline_timer.h"

namespace paranet {

struct ActorExecutorOptions {
  // Threads for short tasks: at least this many may run before anything has to wait.
  int min_threads = 4;
  // Most threads for short tasks. Each costs its stack (as far as it is used) and little else.
  int max_threads = 256;
  // Most threads for long tasks, beside those.
  int max_long_threads = 512;
  // How long a thread that is not needed stays.
  absl::Duration idle = absl::Seconds(10);
};

// Thread-safe.
class ActorExecutor {
 public:
  explicit ActorExecutor(ActorExecutorOptions options = {});
  // Runs what is queued, then waits until all threads have left, except for those given up by Abandon() and the calling
  // one.
  ~ActorExecutor();
  ActorExecutor(const ActorExecutor&) = delete;
  ActorExecutor& operator=(const ActorExecutor&) = delete;

  // Runs `task` soon. The queue has no limit of its own: what calls this has (mailboxes).
  void Run(absl::AnyInvocable<void()> task);
  // Runs `task`, which may take long, on a thread that is there for it at once. False, without running it, if the limit
  // is reached.
  [[nodiscard]] bool RunLong(absl::AnyInvocable<void()> task);
  // `threads` threads hang in code that will not return: the destructor does not wait for so many.
  void Abandon(int threads);

  // Whether the calling thread is one of these.
  bool RunsHere() const;

  // For the deadlines of calls.
  DeadlineTimer& timer() { return *timer_; }

  // Threads that there are now. For tests and for people.
  int threads() const;

 private:
  struct State;
  static void Work(const std::shared_ptr<State>& state);
  static void Grow(const std::shared_ptr<State>& state, DeadlineTimer* timer);

  const std::shared_ptr<State> state_;
  std::unique_ptr<DeadlineTimer> timer_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_ACTOR_EXECUTOR_H_
