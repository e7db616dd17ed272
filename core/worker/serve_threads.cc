#include "core/worker/serve_threads.h"

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <thread>
#include <utility>

namespace paranet {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(1);
// Ticks without anything running after which nobody watches any more.
constexpr int kQuietTicks = 20;
// Dropped jobs in the queue that are not worth the search.
constexpr size_t kSweepAt = 64;

}  // namespace

bool ServeThreads::StartThread(absl::AnyInvocable<void()> body) {
  ++started_;
  try {
    std::thread([self = shared_from_this(), run = std::move(body)]() mutable {
      run();
      run = nullptr;
      absl::MutexLock lock(&self->mu_);
      --self->started_;
      self->left_.SignalAll();
    }).detach();
  } catch (const std::system_error&) {
    --started_;
    return false;
  }
  return true;
}

void ServeThreads::EnterLane() {
  ++running_;
  WatchSoon();
  if (options_.concurrent) return;
  if (lane_busy_) {
    ++lane_waiting_;
    // Does not count as running while it waits: it is not what holds others up.
    --running_;
    while (lane_busy_) lane_.Wait(&mu_);
    ++running_;
    --lane_waiting_;
  }
  lane_busy_ = true;
}

void ServeThreads::LeaveLane() {
  --running_;
  if (options_.concurrent) return;
  lane_busy_ = false;
  if (lane_waiting_ > 0) lane_.Signal();
}

void ServeThreads::Wake() {
  if (idle_ > 0) {
    --idle_;
    ++tokens_;
    work_.Signal();
  } else if (workers_ < options_.max_threads) {
    ++workers_;
    if (!StartThread([this] {
          Loop();
          absl::MutexLock lock(&mu_);
          --workers_;
        })) {
      --workers_;
    }
  }
}

void ServeThreads::WatchSoon() {
  if (!watcher_started_) watcher_started_ = StartThread([this] { Watch(); });
  if (std::exchange(watching_, true)) return;
  watch_.Signal();
}

// Looks every millisecond, while anything runs, whether it holds up what it should not.
void ServeThreads::Watch() {
  int quiet = 0;
  int unread = 0;
  uint64_t seen = 0;
  uint64_t read_before = 0;
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  mu_.Lock();
  while (!exiting_) {
    if (!watching_) {
      watch_.Wait(&mu_);
      continue;
    }
    watch_.WaitWithTimeout(&mu_, kTick);
    if (exiting_) break;
    if (running_ == 0) {
      unread = 0;
      if (++quiet >= kQuietTicks) {
        quiet = 0;
        watching_ = false;
      }
      continue;
    }
    quiet = 0;
    // While calls come to their end, threads beyond the number of processors would only be in each other's way.
    const bool progress = std::exchange(seen, completed_) != completed_;
    const bool busy = progress && running_ >= processors;
    const bool unread_since = !reading_ && std::exchange(read_before, reads_) == reads_;
    const bool held_up = !busy && (unread_since || (options_.concurrent && !queue_.empty()));
    unread = held_up ? unread + 1 : 0;
    if (unread >= 2) {
      unread = 0;
      Wake();
    }
    mu_.Unlock();
    options_.flush();
    mu_.Lock();
  }
  mu_.Unlock();
}

void ServeThreads::RunHere(absl::FunctionRef<void()> body) {
  {
    absl::MutexLock lock(&mu_);
    EnterLane();
  }
  current_ = this;
  body();
  current_ = nullptr;
  absl::MutexLock lock(&mu_);
  LeaveLane();
}

void ServeThreads::Loop() {
  bool flushed = true;
  mu_.Lock();
  while (!exiting_) {
    if (!queue_.empty() && CanRun()) {
      std::shared_ptr<Job> job = std::move(queue_.front());
      queue_.pop_front();
      ++in_jobs_;
      EnterLane();
      if (options_.concurrent && !queue_.empty() && idle_ > 0) Wake();
      mu_.Unlock();
      current_ = this;
      job->Run();
      current_ = nullptr;
      job.reset();
      flushed = false;
      mu_.Lock();
      LeaveLane();
      --in_jobs_;
      ++completed_;
      continue;
    }
    if (!flushed) {
      flushed = true;
      mu_.Unlock();
      options_.flush();
      mu_.Lock();
      continue;
    }
    if (!reading_) {
      reading_ = true;
      ++reads_;
      mu_.Unlock();
      const bool more = options_.read();
      flushed = false;
      mu_.Lock();
      reading_ = false;
      if (!more) exiting_ = true;
      continue;
    }
    ++idle_;
    while (tokens_ == 0 && !exiting_) work_.Wait(&mu_);
    if (tokens_ > 0) {
      --tokens_;
    } else {
      --idle_;
    }
  }
  work_.SignalAll();
  watch_.SignalAll();
  mu_.Unlock();
  options_.flush();
}

void ServeThreads::Exit() {
  absl::MutexLock lock(&mu_);
  exiting_ = true;
  work_.SignalAll();
  watch_.SignalAll();
}

bool ServeThreads::WaitForAll(absl::Time deadline) {
  absl::MutexLock lock(&mu_);
  while (started_ > 0) {
    if (left_.WaitWithDeadline(&mu_, deadline) && started_ > 0) return false;
  }
  return true;
}

void ServeThreads::Push(std::shared_ptr<Job> job) {
  absl::MutexLock lock(&mu_);
  queue_.push_back(std::move(job));
}

void ServeThreads::Sweep() {
  absl::MutexLock lock(&mu_);
  if (++swept_ < kSweepAt + queue_.size() / 2) return;
  swept_ = 0;
  queue_.erase(
      std::remove_if(queue_.begin(), queue_.end(), [](const std::shared_ptr<Job>& job) { return job->dropped(); }),
      queue_.end());
}

bool ServeThreads::RunOnThread(absl::AnyInvocable<void()> body) {
  absl::MutexLock lock(&mu_);
  return StartThread([this, run = std::move(body)]() mutable {
    RunHere([&run] { run(); });
    options_.flush();
    absl::MutexLock left(&mu_);
    ++completed_;
    // A job that came while this held the lane has nobody else who would look.
    if (!queue_.empty()) Wake();
  });
}

bool ServeThreads::Stuck() {
  absl::MutexLock lock(&mu_);
  const bool progress = std::exchange(completed_before_, completed_) != completed_;
  const bool busy = options_.concurrent ? running_ >= options_.max_threads : lane_busy_;
  return busy && !progress;
}

ServeThreads::Blocked::Blocked(ServeThreads& threads) : threads_(threads.inside() ? &threads : nullptr) {
  if (threads_ == nullptr) return;
  current_ = nullptr;
  {
    absl::MutexLock lock(&threads_->mu_);
    threads_->LeaveLane();
    if (!threads_->reading_ || !threads_->queue_.empty()) threads_->Wake();
  }
  threads_->options_.flush();
}

ServeThreads::Blocked::~Blocked() {
  if (threads_ == nullptr) return;
  current_ = threads_;
  absl::MutexLock lock(&threads_->mu_);
  threads_->EnterLane();
}

}  // namespace paranet
