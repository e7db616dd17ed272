#include "core/runtime/package_drain.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/time/clock.h"

namespace paranet {
namespace {

// A provider does not tell when its last call has ended.
constexpr absl::Duration kLook = absl::Milliseconds(20);

int64_t Outstanding(const RunningPackage& package) {
  int64_t calls = 0;
  for (const RunningPackage::Offer& offer : package.offers()) calls += offer.provider->outstanding();
  return calls;
}

}  // namespace

PackageDrain::~PackageDrain() { Finish(absl::Now()); }

void PackageDrain::Add(std::unique_ptr<RunningPackage> package, absl::Duration grace, absl::Time deadline,
                       absl::AnyInvocable<void()> done) {
  absl::MutexLock lock(&mu_);
  Reap();
  Leaving& leaving = leaving_.emplace_back();
  leaving.package = std::move(package);
  leaving.earliest = absl::Now() + grace;
  leaving.deadline = deadline;
  leaving.done = std::move(done);
  leaving.thread = std::thread([this, &leaving] { Run(leaving); });
}

void PackageDrain::Run(Leaving& leaving) {
  absl::Time deadline = leaving.deadline;
  while (true) {
    absl::MutexLock lock(&mu_);
    deadline = std::min(leaving.deadline, hurry_);
    const absl::Time now = absl::Now();
    if (now >= deadline) break;
    if (Outstanding(*leaving.package) == 0 && (Hurried() || now >= leaving.earliest)) break;
    const absl::Time known = hurry_;
    const auto changed = [this, known]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return hurry_ != known; };
    mu_.AwaitWithTimeout(absl::Condition(&changed), std::min(kLook, deadline - now));
  }
  leaving.package->Stop(deadline);
  leaving.package.reset();
  std::move(leaving.done)();
  leaving.gone = true;
}

void PackageDrain::Reap() {
  for (auto leaving = leaving_.begin(); leaving != leaving_.end();) {
    if (leaving->gone) {
      leaving->thread.join();
      leaving = leaving_.erase(leaving);
    } else {
      ++leaving;
    }
  }
}

void PackageDrain::Finish(absl::Time deadline) {
  std::list<Leaving> leaving;
  {
    absl::MutexLock lock(&mu_);
    hurry_ = std::min(hurry_, deadline);
    // Its elements stay where they are, for their threads.
    leaving.splice(leaving.end(), leaving_);
  }
  for (Leaving& one : leaving) one.thread.join();
}

}  // namespace paranet
