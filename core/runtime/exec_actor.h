// Actors that are programs: whatever serves gRPC on a Unix socket, in any language.
//
// The contract with the program, which docs/packages.md has in full: it serves its skill sets, in plain text, on the
// Unix socket whose path is in PARANET_ACTOR_SOCKET; it gets its configuration in its environment, its id in
// PARANET_ACTOR_ID and the folder of its package in PARANET_PACKAGE_DIR; SIGTERM asks it to end. The identity of a
// call's caller is in the metadata `paranet-caller`, which nobody but the node can set.
#ifndef PARANET_CORE_RUNTIME_EXEC_ACTOR_H_
#define PARANET_CORE_RUNTIME_EXEC_ACTOR_H_

#include "absl/status/statusor.h"
#include "core/runtime/actor_process.h"

namespace paranet {

// Each run starts the program `spec.manifest.exec()` of the package below `spec.dir` and waits until it serves gRPC on
// its socket (limits.start_timeout_ms; 10 seconds if that is 0): until it accepts connections, speaks HTTP/2 and, where
// it serves gRPC's health protocol, says SERVING. Where it serves gRPC's reflection, it must list its skill sets. A run
// that does not get there is INVALID_ARGUMENT with the last lines that the program wrote.
//
// INVALID_ARGUMENT here if the program's path leaves the package, or is no program that may be executed.
absl::StatusOr<StartActorProcess> MakeExecActor(const ProcessActorSpec& spec);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_EXEC_ACTOR_H_
