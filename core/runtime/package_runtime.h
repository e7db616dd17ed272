// Runs the actors of a deployed package.
#ifndef PARANET_CORE_RUNTIME_PACKAGE_RUNTIME_H_
#define PARANET_CORE_RUNTIME_PACKAGE_RUNTIME_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/skill/provider.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// The threads that actors' handlers run on, shared by all packages of a node.
class ActorExecutor;

// A package whose actors run. Destroying it without Stop is Stop(now).
class RunningPackage {
 public:
  struct Offer {
    std::shared_ptr<Provider> provider;
    std::vector<std::shared_ptr<const SkillSet>> skill_sets;
  };

  virtual ~RunningPackage() = default;
  // One per actor; for Catalogue::Offer.
  virtual const std::vector<Offer>& offers() const = 0;
  // New calls get UNAVAILABLE; running ones may end until `deadline`, then they are cancelled and waited for. An actor
  // whose handlers do not return within ten seconds of that is given up: it stays in memory, and the log says so.
  virtual void Stop(absl::Time deadline) = 0;
};

// Loads each actor of `manifest`, whose files lie under `dir`, and starts it. All or nothing. INVALID_ARGUMENT, naming
// actor and file, if a library does not load, has no entry point or another ABI version, or its skill sets are not in
// its descriptors. UNIMPLEMENTED, saying what this node can run, for other code than a library, another isolation than
// in_process, and limits that need a process of its own.
absl::StatusOr<std::unique_ptr<RunningPackage>> StartPackage(const v1::Manifest& manifest, const std::string& dir,
                                                             std::shared_ptr<ActorExecutor> executor, Logger logger);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_PACKAGE_RUNTIME_H_
