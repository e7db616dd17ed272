#include "core/runtime/actor_executor.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace paranet {
namespace {

// How often it is looked at whether a thread more is needed, while tasks wait.
constexpr absl::Duration kGrowInterval = absl::Milliseconds(1);
// A task that has waited for so long gets a thread even though others make progress.
constexpr absl::Duration kLongWait = absl::Milliseconds(20);

// The executor whose thread this is.
thread_local const void* current_executor = nullptr;

}  // namespace

struct ActorExecutor::State {
  struct Task {
    absl::AnyInvocable<void()> run;
    absl::Time queued_at;
  };

  explicit State(const ActorExecutorOptions& given) : options(given) {}

  // Starts a detached thread that runs `body` and counts in `count` while it lives. False if the system has no thread
  // to give.
  template <typename Body>
  static bool StartThread(const std::shared_ptr<State>& state, int State::*count, Body body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state->mu) {
    ++((*state).*count);
    try {
      std::thread([state, count, body = std::move(body)]() mutable {
        current_executor = state.get();
        {
          // What it owns is let go before the executor may be told that we have left.
          Body run = std::move(body);
          run();
        }
        absl::MutexLock lock(&state->mu);
        --((*state).*count);
        state->left.SignalAll();
      }).detach();
    } catch (const std::system_error&) {
      --((*state).*count);
      return false;
    }
    return true;
  }

  const ActorExecutorOptions options;
  absl::Mutex mu;
  absl::CondVar work;
  absl::CondVar left;
  std::deque<Task> queue ABSL_GUARDED_BY(mu);
  int short_threads ABSL_GUARDED_BY(mu) = 0;
  int long_threads ABSL_GUARDED_BY(mu) = 0;
  int idle ABSL_GUARDED_BY(mu) = 0;
  int abandoned ABSL_GUARDED_BY(mu) = 0;
  uint64_t completed ABSL_GUARDED_BY(mu) = 0;
  // `completed` when Grow() looked last.
  uint64_t completed_before ABSL_GUARDED_BY(mu) = 0;
  bool growing ABSL_GUARDED_BY(mu) = false;
  bool stopping ABSL_GUARDED_BY(mu) = false;
};

ActorExecutor::ActorExecutor(ActorExecutorOptions options)
    : state_(std::make_shared<State>(options)), timer_(std::make_unique<DeadlineTimer>()) {}

ActorExecutor::~ActorExecutor() {
  const int self = current_executor == state_.get() ? 1 : 0;
  {
    absl::MutexLock lock(&state_->mu);
    state_->stopping = true;
    state_->work.SignalAll();
    while (state_->short_threads + state_->long_threads > state_->abandoned + self) state_->left.Wait(&state_->mu);
  }
  timer_.reset();
}

void ActorExecutor::Run(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&state_->mu);
  state_->queue.push_back({.run = std::move(task), .queued_at = absl::Now()});
  if (state_->idle > 0) state_->work.Signal();
  // An idle thread that was woken for an earlier task still counts as idle, and its task as queued.
  if (state_->queue.size() <= static_cast<size_t>(state_->idle)) return;
  if (state_->short_threads < state_->options.min_threads &&
      State::StartThread(state_, &State::short_threads, [s = state_] { Work(s); })) {
    return;
  }
  if (!state_->growing) {
    state_->growing = true;
    state_->completed_before = state_->completed;
    timer_->Add(absl::Now() + kGrowInterval, [s = state_, timer = timer_.get()] { Grow(s, timer); });
  }
}

bool ActorExecutor::RunLong(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&state_->mu);
  if (state_->stopping || state_->long_threads >= state_->options.max_long_threads) return false;
  return State::StartThread(state_, &State::long_threads, std::move(task));
}

void ActorExecutor::Abandon(int threads) {
  absl::MutexLock lock(&state_->mu);
  state_->abandoned += threads;
}

bool ActorExecutor::RunsHere() const { return current_executor == state_.get(); }

int ActorExecutor::threads() const {
  absl::MutexLock lock(&state_->mu);
  return state_->short_threads + state_->long_threads;
}

void ActorExecutor::Work(const std::shared_ptr<State>& state) {
  state->mu.Lock();
  while (true) {
    if (!state->queue.empty()) {
      {
        State::Task task = std::move(state->queue.front());
        state->queue.pop_front();
        state->mu.Unlock();
        task.run();
      }
      state->mu.Lock();
      ++state->completed;
      continue;
    }
    if (state->stopping) break;
    ++state->idle;
    const bool timed_out = state->work.WaitWithTimeout(&state->mu, state->options.idle);
    --state->idle;
    if (timed_out && state->queue.empty() && state->short_threads > state->options.min_threads) break;
  }
  state->mu.Unlock();
}

// While tasks wait and no thread is free, one more thread at each look, if either nothing has come to its end since the
// last look (all hang or block) or the first task has waited for long.
void ActorExecutor::Grow(const std::shared_ptr<State>& state, DeadlineTimer* timer) {
  absl::MutexLock lock(&state->mu);
  if (state->queue.empty()) {
    state->growing = false;
    return;
  }
  const absl::Time now = absl::Now();
  const bool stuck = state->completed == state->completed_before || now - state->queue.front().queued_at >= kLongWait;
  state->completed_before = state->completed;
  if (stuck && state->queue.size() > static_cast<size_t>(state->idle) &&
      state->short_threads < state->options.max_threads) {
    State::StartThread(state, &State::short_threads, [state] { Work(state); });
  }
  timer->Add(now + kGrowInterval, [state, timer] { Grow(state, timer); });
}

}  // namespace paranet
