// A process that speaks the protocol of core/worker/frame.h, as an ActorProcess: what library workers and Python actors
// have in common.
#ifndef PARANET_CORE_RUNTIME_FRAMED_ACTOR_H_
#define PARANET_CORE_RUNTIME_FRAMED_ACTOR_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/runtime/actor_process.h"
#include "core/runtime/child_process.h"

namespace paranet {

// What is in `child` for an actor that is started from `spec` in any language: name, log, work_dir, the package's
// folder as readable, network and limits. The caller adds `command` (empty: the worker program, which loads a library),
// `readable`, `env`, `exec`.
ChildProcessSpec ChildSpecFor(const ProcessActorSpec& spec);

// Starts `child` with its end of the connection on descriptor 3 (kWorkerDescriptor of core/worker/serve.h), sends the
// start (id, configuration, concurrency), waits until it is ready (limits.start_timeout_ms; 10 seconds if that is 0)
// and checks that it serves exactly the methods of `spec.skill_sets`. `ended` and errors as in StartActorProcess.
//
// A frame that breaks the protocol is the end of the process: it is killed, and `ended` says what was wrong.
absl::StatusOr<std::unique_ptr<ActorProcess>> StartFramedActor(const ProcessActorSpec& spec, ChildProcessSpec child,
                                                               absl::AnyInvocable<void(absl::Status)> ended);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_FRAMED_ACTOR_H_
