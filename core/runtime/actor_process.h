// One run of an actor in a process of its own, as its supervisor sees it.
#ifndef PARANET_CORE_RUNTIME_ACTOR_PROCESS_H_
#define PARANET_CORE_RUNTIME_ACTOR_PROCESS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_log.h"
#include "core/skill/provider.h"
#include "core/skill/skill_caller.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// What an actor's process is started from; the same for each run.
struct ProcessActorSpec {
  // With the operator's settings applied (actor_settings.h).
  v1::ActorManifest manifest;
  // `weather@1.0.0`.
  std::string name;
  // The folder of the package's files.
  std::string dir;
  // The actor's own folder: current directory, HOME and TMPDIR of the process; the only place where it may write.
  std::string work_dir;
  // Its whole configuration.
  std::map<std::string, std::string> env;
  // Manifest and operator agree that it has the network.
  bool network = false;
  std::vector<std::shared_ptr<const SkillSet>> skill_sets;
  std::shared_ptr<ActorExecutor> executor;
  // Null: it cannot call other skills.
  std::shared_ptr<SkillCaller> caller;
  // Outlives the process.
  std::shared_ptr<ActorLog> log;
};

// Ready for calls as soon as it is there. Destroying it kills the process, with all that it has started, and waits for
// that. Thread-safe.
class ActorProcess {
 public:
  virtual ~ActorProcess() = default;

  virtual int64_t pid() const = 0;
  // What holds it in, for people (ActorInfo.confinement).
  virtual std::vector<std::string> confinement() const = 0;

  // As in Provider, deadlines included. When the process has ended, each call ends with UNAVAILABLE that says how.
  virtual std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) = 0;
  virtual void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) = 0;

  // Asks whether it is alive; `alive` runs once if it answers, and never if it does not.
  virtual void Ping(absl::AnyInvocable<void()> alive) = 0;
  // Asks it to come to its end; what runs may finish. Returns at once; `ended` runs when it has.
  virtual void BeginStop() = 0;
  // Ends it now.
  virtual void Kill() = 0;
};

// Starts one run and waits, for as long as the manifest's limits allow, until it is ready. `ended` runs once when a
// process that was ready has ended, with the reason (`killed by signal 9 (SIGKILL)`, `exit code 3`); not while this
// runs. INVALID_ARGUMENT with the process's own words if it does not get ready. Called from the supervisor's thread,
// one call at a time.
using StartActorProcess =
    std::function<absl::StatusOr<std::unique_ptr<ActorProcess>>(absl::AnyInvocable<void(absl::Status)> ended)>;

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_ACTOR_PROCESS_H_
