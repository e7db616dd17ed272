// What the skills of a Python actor are, asked of its code.
#ifndef PARANET_CORE_RUNTIME_PYTHON_SCHEMA_H_
#define PARANET_CORE_RUNTIME_PYTHON_SCHEMA_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace paranet {

// A serialized google.protobuf.FileDescriptorSet with the services that the module `module` of the package in `folder`
// serves: one file for each skill set, the same bytes for the same code. Imports the module in a python3 of its own,
// which is not confined: it is for the author of the code (`paranet package build`). What it prints goes to stderr.
//
// INVALID_ARGUMENT with the traceback, or with function, file and line where a hint is not for a schema.
// FAILED_PRECONDITION as CheckPythonRuntime (python_actor.h). DEADLINE_EXCEEDED if it takes longer than `timeout`.
absl::StatusOr<std::string> DescribePythonModule(const std::string& runtime_dir, const std::string& folder,
                                                 const std::string& module, absl::Duration timeout = absl::Seconds(60));

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_PYTHON_SCHEMA_H_
