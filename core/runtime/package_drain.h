// Packages on their way out: withdrawn from the catalogue, but with calls that end where they began.
#ifndef PARANET_CORE_RUNTIME_PACKAGE_DRAIN_H_
#define PARANET_CORE_RUNTIME_PACKAGE_DRAIN_H_

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/runtime/package_runtime.h"

namespace paranet {

// Thread-safe. Each package that drains has a thread for as long.
class PackageDrain {
 public:
  PackageDrain() = default;
  // Finish(now).
  ~PackageDrain();
  PackageDrain(const PackageDrain&) = delete;
  PackageDrain& operator=(const PackageDrain&) = delete;

  // Takes a package that nobody will find in the catalogue any more. It goes on taking calls, of those who found it
  // there before, for `grace` at least and until it has none, but no longer than until `deadline`; then it is stopped
  // (RunningPackage::Stop), destroyed, and `done` runs, on a thread of this object: it may do anything but wait for
  // Finish or the destructor. After Finish the package is stopped at once.
  void Add(std::unique_ptr<RunningPackage> package, absl::Duration grace, absl::Time deadline,
           absl::AnyInvocable<void()> done);

  // Returns when all packages are gone and each `done` has returned. Those that have no calls go at once, the others at
  // `deadline` at the latest. Idempotent.
  void Finish(absl::Time deadline);

 private:
  struct Leaving {
    std::unique_ptr<RunningPackage> package;
    absl::Time earliest;
    absl::Time deadline;
    absl::AnyInvocable<void()> done;
    std::thread thread;
    // Its thread has nothing more to do.
    std::atomic<bool> gone = false;
  };

  void Run(Leaving& leaving);
  bool Hurried() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return hurry_ != absl::InfiniteFuture(); }
  // Joins the threads that have come to their end.
  void Reap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  // The earliest deadline of a Finish.
  absl::Time hurry_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  std::list<Leaving> leaving_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_PACKAGE_DRAIN_H_
