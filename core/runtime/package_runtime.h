// Runs the actors of a deployed package.
#ifndef PARANET_CORE_RUNTIME_PACKAGE_RUNTIME_H_
#define PARANET_CORE_RUNTIME_PACKAGE_RUNTIME_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/runtime/actor_log.h"
#include "core/runtime/actor_settings.h"
#include "core/skill/provider.h"
#include "core/skill/skill_caller.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// The threads that actors' handlers run on, shared by all packages of a node.
class ActorExecutor;

// What the actors of a node run on and with.
struct RuntimeOptions {
  std::shared_ptr<ActorExecutor> executor;
  // How they call other skills; null: they cannot (UNAVAILABLE).
  std::shared_ptr<SkillCaller> caller;
  // What the operator says about the actor `actor` of the package `package`; null: nothing. An error fails the start.
  std::function<absl::StatusOr<ActorSettings>(absl::string_view package, absl::string_view actor)> settings;
  // A folder for the working directories of actors in processes of their own; made if missing.
  std::string work_dir;
  // The isolation of native actors whose manifest and settings leave it open.
  v1::ActorManifest::Isolation isolation = v1::ActorManifest::IN_PROCESS;
  // The folder with the runtime of Python actors (bindings/python: the extension module and the `paranet` package), or
  // a function that provides it when it is needed for the first time; null: Python actors are UNIMPLEMENTED.
  std::function<absl::StatusOr<std::string>()> python_runtime;
  // Runs when an actor's availability or state has changed: on any thread, must not block.
  std::function<void()> changed;
  Logger logger;
};

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
  // in this process whose handlers do not return within ten seconds of that is given up: it stays in memory, and the
  // log says so. The process of an actor that has one is killed then.
  virtual void Stop(absl::Time deadline) = 0;
  // As they are now, in the manifest's order.
  virtual std::vector<v1::ActorInfo> actors() const = 0;
  // Of the `index`th actor of actors().
  virtual const ActorLog& log(size_t index) const = 0;
};

// Starts each actor of `manifest`, whose files lie under `dir`, in the manifest's order, and waits until it is ready.
// All or nothing. INVALID_ARGUMENT, naming actor and file, if a library does not load, has no entry point or another
// ABI version, a program or module does not start, or its skill sets are not in its descriptors. PERMISSION_DENIED if
// it needs what this node does not grant.
absl::StatusOr<std::unique_ptr<RunningPackage>> StartPackage(const v1::Manifest& manifest, const std::string& dir,
                                                             const RuntimeOptions& options);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_PACKAGE_RUNTIME_H_
