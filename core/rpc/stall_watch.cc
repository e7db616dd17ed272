#include "core/rpc/stall_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace paranet {
namespace {

// Looks that find nothing before the thread goes to sleep.
constexpr int kIdleLooks = 50;

}  // namespace

struct StallWatch::State {
  using Work = std::shared_ptr<Stallable>;
  struct Entry {
    uint64_t id;
    // Times that the watch has looked since.
    int looks;
    Work work;
  };

  explicit State(absl::Duration given) : patience(given) {}

  // Takes out what has stalled.
  std::vector<Work> Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    std::vector<Work> stalled;
    for (size_t i = 0; i < entries.size();) {
      if (entries[i].looks++ == 0) {
        ++i;
        continue;
      }
      stalled.push_back(std::move(entries[i].work));
      std::swap(entries[i], entries.back());
      entries.pop_back();
    }
    return stalled;
  }

  void Run() {
    mu.Lock();
    while (!stopping) {
      if (entries.empty() && ++idle > kIdleLooks) {
        sleeping = true;
        wake.Wait(&mu);
        sleeping = false;
        continue;
      }
      wake.WaitWithTimeout(&mu, patience);
      std::vector<Work> stalled = Look();
      if (stalled.empty()) continue;
      mu.Unlock();
      for (const Work& work : stalled) work->OnStalled();
      stalled.clear();
      mu.Lock();
    }
    mu.Unlock();
  }

  const absl::Duration patience;
  absl::Mutex mu;
  absl::CondVar wake;
  bool stopping ABSL_GUARDED_BY(mu) = false;
  bool sleeping ABSL_GUARDED_BY(mu) = false;
  // Looks in a row that found nothing.
  int idle ABSL_GUARDED_BY(mu) = 0;
  uint64_t last_id ABSL_GUARDED_BY(mu) = 0;
  std::vector<Entry> entries ABSL_GUARDED_BY(mu);
};

StallWatch::StallWatch(absl::Duration patience)
    : state_(std::make_shared<State>(patience)), thread_([state = state_] { state->Run(); }) {}

StallWatch::~StallWatch() {
  std::vector<State::Entry> entries;
  {
    absl::MutexLock lock(&state_->mu);
    state_->stopping = true;
    entries.swap(state_->entries);
    state_->wake.Signal();
  }
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

uint64_t StallWatch::Begin(std::shared_ptr<Stallable> work) {
  absl::MutexLock lock(&state_->mu);
  state_->entries.push_back({.id = ++state_->last_id, .looks = 0, .work = std::move(work)});
  state_->idle = 0;
  if (state_->sleeping) state_->wake.Signal();
  return state_->last_id;
}

void StallWatch::End(uint64_t id) {
  // Let go without the lock.
  std::shared_ptr<Stallable> work;
  absl::MutexLock lock(&state_->mu);
  std::vector<State::Entry>& entries = state_->entries;
  const auto entry = std::find_if(entries.begin(), entries.end(), [id](const State::Entry& e) { return e.id == id; });
  if (entry == entries.end()) return;
  work = std::move(entry->work);
  std::swap(*entry, entries.back());
  entries.pop_back();
}

}  // namespace paranet
