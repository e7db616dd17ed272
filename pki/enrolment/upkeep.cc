#include "pki/enrolment/upkeep.h"

#include <cstddef>
#include <utility>

#include "absl/time/clock.h"

namespace paranet::pki {

Upkeep::Upkeep(Options options)
    : options_(std::move(options)), errors_(options_.tasks.size()), thread_([this] { Run(); }) {}

Upkeep::~Upkeep() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  thread_.join();
}

void Upkeep::Once(const std::string& key, Task task) {
  absl::MutexLock lock(&mu_);
  waiting_.insert_or_assign(key, std::move(task));
}

void Upkeep::Run() {
  absl::Time next = absl::Now();
  bool stop = false;
  while (!stop) {
    std::map<std::string, Task> waiting;
    {
      absl::MutexLock lock(&mu_);
      const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stop_ || !waiting_.empty(); };
      mu_.AwaitWithDeadline(absl::Condition(&due), next);
      waiting = std::exchange(waiting_, {});
      stop = stop_;
    }
    for (const auto& [key, task] : waiting) {
      const absl::Status status = task.run();
      if (!status.ok()) options_.logger->warn("cannot {}: {}", task.name, std::string(status.message()));
    }
    if (!stop && absl::Now() >= next) {
      RunTasks();
      next = absl::Now() + options_.interval;
    }
  }
}

void Upkeep::RunTasks() {
  for (size_t i = 0; i < options_.tasks.size(); ++i) {
    const absl::Status status = options_.tasks[i].run();
    std::string error(status.message());
    if (!status.ok() && error != errors_[i]) options_.logger->error("cannot {}: {}", options_.tasks[i].name, error);
    errors_[i] = std::move(error);
  }
}

}  // namespace paranet::pki
