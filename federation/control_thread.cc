#include "federation/control_thread.h"

#include <utility>

#include "absl/time/clock.h"

namespace paranet {

ControlThread::ControlThread() : thread_([this] { Run(); }) {}

ControlThread::~ControlThread() { Stop(); }

void ControlThread::Post(Work work) {
  {
    absl::MutexLock lock(&mu_);
    if (!stopping_) {
      posted_.push_back(std::move(work));
      changed_.Signal();
      return;
    }
  }
  // `work` is dropped here, without the lock: what it holds may call us again.
}

uint64_t ControlThread::At(absl::Time when, Work work) {
  absl::MutexLock lock(&mu_);
  const uint64_t id = next_id_++;
  if (stopping_) return id;
  const bool earliest = timed_.empty() || when < timed_.begin()->first.first;
  timed_.emplace(std::make_pair(when, id), std::move(work));
  times_.emplace(id, when);
  if (earliest) changed_.Signal();
  return id;
}

void ControlThread::Cancel(uint64_t id) {
  Work dropped;
  absl::MutexLock lock(&mu_);
  const auto time = times_.find(id);
  if (time == times_.end()) return;
  const auto work = timed_.find({time->second, id});
  dropped = std::move(work->second);
  timed_.erase(work);
  times_.erase(time);
}

void ControlThread::Stop() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    changed_.Signal();
  }
  absl::MutexLock lock(&join_mu_);
  if (thread_.joinable()) thread_.join();
}

void ControlThread::Run() {
  for (;;) {
    Work work;
    {
      absl::MutexLock lock(&mu_);
      for (;;) {
        if (stopping_) break;
        if (!timed_.empty() && timed_.begin()->first.first <= absl::Now()) {
          const auto due = timed_.begin();
          work = std::move(due->second);
          times_.erase(due->first.second);
          timed_.erase(due);
          break;
        }
        if (!posted_.empty()) {
          work = std::move(posted_.front());
          posted_.pop_front();
          break;
        }
        const absl::Time next = timed_.empty() ? absl::InfiniteFuture() : timed_.begin()->first.first;
        changed_.WaitWithDeadline(&mu_, next);
      }
      if (stopping_ && !work) break;
    }
    work();
  }
  // Declared before the lock and so destroyed after it.
  std::deque<Work> posted;
  std::map<std::pair<absl::Time, uint64_t>, Work> timed;
  absl::MutexLock lock(&mu_);
  posted.swap(posted_);
  timed.swap(timed_);
  times_.clear();
}

}  // namespace paranet
