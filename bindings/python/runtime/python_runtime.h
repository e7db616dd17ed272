// The runtime of Python actors, inside of the program that uses this: no file to find at run time.
#ifndef PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_RUNTIME_H_
#define PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_RUNTIME_H_

#include <string>

#include "absl/status/statusor.h"

namespace paranet {

// Writes the package `paranet`, as far as actors need it, to DIR/DIGEST (0700) unless it is there, and returns that
// folder: for NodeOptions::python_runtime and MakePythonActor. The digest is that of the files, so that each version
// has a folder of its own. All or nothing, also where several processes do it at the same time. Other versions in
// `dir`, which belongs to the runtime alone, are deleted.
absl::StatusOr<std::string> InstallPythonRuntime(const std::string& dir);

}  // namespace paranet

#endif  // PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_RUNTIME_H_
