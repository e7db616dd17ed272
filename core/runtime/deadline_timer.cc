#include "core/runtime/deadline_timer.h"

#include <utility>

#include "absl/time/clock.h"

namespace paranet {

DeadlineTimer::DeadlineTimer() : thread_([this] { Loop(); }) {}

DeadlineTimer::~DeadlineTimer() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    changed_.Signal();
  }
  thread_.join();
}

DeadlineTimer::Id DeadlineTimer::Add(absl::Time time, absl::AnyInvocable<void()> callback) {
  if (time == absl::InfiniteFuture()) return {};
  absl::MutexLock lock(&mu_);
  const Id id{.time = time, .number = next_number_++};
  entries_.emplace(id, std::move(callback));
  // Not for every entry that is the first: mostly it is cancelled before, and the thread wakes once for all of those.
  if (time < wakes_at_) changed_.Signal();
  return id;
}

bool DeadlineTimer::Cancel(const Id& id) {
  if (id.number == 0) return false;
  // Destroyed outside of the lock: it may own what calls back into this timer.
  absl::AnyInvocable<void()> forgotten;
  absl::MutexLock lock(&mu_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return false;
  forgotten = std::move(entry->second);
  entries_.erase(entry);
  return true;
}

void DeadlineTimer::Sleep(absl::Time until) {
  wakes_at_ = until;
  changed_.WaitWithDeadline(&mu_, until);
  wakes_at_ = absl::InfinitePast();
}

void DeadlineTimer::Loop() {
  mu_.Lock();
  while (!stopping_) {
    if (entries_.empty()) {
      Sleep(absl::InfiniteFuture());
      continue;
    }
    const auto first = entries_.begin();
    if (first->first.time > absl::Now()) {
      Sleep(first->first.time);
      continue;
    }
    {
      absl::AnyInvocable<void()> callback = std::move(first->second);
      entries_.erase(first);
      mu_.Unlock();
      callback();
    }
    mu_.Lock();
  }
  mu_.Unlock();
}

}  // namespace paranet
