// Loads an actor's shared object in the worker.
#ifndef PARANET_CORE_WORKER_MODULE_FILE_H_
#define PARANET_CORE_WORKER_MODULE_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/actor/abi.h"

namespace paranet {

// Loads the library at the absolute `path` for good. INVALID_ARGUMENT, naming the file and what to do, if it does not
// load, has no paranet_actor_module, is of another ABI version, or its tables are not complete.
absl::StatusOr<const paranet_module*> LoadModule(const std::string& path);

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_MODULE_FILE_H_
