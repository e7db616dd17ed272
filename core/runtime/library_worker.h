// Native actors (shared objects behind the C ABI) in a worker process.
#ifndef PARANET_CORE_RUNTIME_LIBRARY_WORKER_H_
#define PARANET_CORE_RUNTIME_LIBRARY_WORKER_H_

#include "absl/status/statusor.h"
#include "core/runtime/actor_process.h"

namespace paranet {

// Each run loads `spec.manifest.library()`, below `spec.dir`, in a worker process (core/worker) and serves it over
// frames. INVALID_ARGUMENT if the path leaves the package or the file is not there.
absl::StatusOr<StartActorProcess> MakeLibraryWorker(const ProcessActorSpec& spec);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_LIBRARY_WORKER_H_
