// Loads an actor's shared object into this process.
#ifndef PARANET_CORE_WORKER_MODULE_FILE_H_
#define PARANET_CORE_WORKER_MODULE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/actor/abi.h"

namespace paranet {

// Loads the library at `path` for good. INVALID_ARGUMENT, by `name` and with what to do, if it is no shared object or a
// truncated one, does not load, has no paranet_actor_module, or CheckModule refuses what that returns.
absl::StatusOr<const paranet_module*> LoadModule(const std::string& path, absl::string_view name);

// INVALID_ARGUMENT, by `name`, if the module is of another ABI version or its tables are not complete.
absl::Status CheckModule(const paranet_module* table, absl::string_view name);

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_MODULE_FILE_H_
