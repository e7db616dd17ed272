// Actors that are Python modules with decorated functions (bindings/python/paranet/actor.py).
#ifndef PARANET_CORE_RUNTIME_PYTHON_ACTOR_H_
#define PARANET_CORE_RUNTIME_PYTHON_ACTOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/runtime/actor_process.h"

namespace paranet {

// The interpreter that actors run in: the system's.
inline constexpr char kPythonInterpreter[] = "/usr/bin/python3";

// Each run imports the module `spec.manifest.python()` from the folder `spec.dir` in a confined process of python3 and
// serves its skills over the frames of core/worker. `runtime_dir` is a folder with the package `paranet`, its extension
// module `_worker` among it; the process may read it and the package's folder. Python reads no start-up files, no
// PYTHON* variables and writes no byte code; the configuration is in its environment too.
//
// A run whose module has an error of syntax, raises an exception or has hints that no schema can express is
// INVALID_ARGUMENT with the traceback. Here: INVALID_ARGUMENT if the module is not in the folder; FAILED_PRECONDITION
// if there is no interpreter or no runtime.
absl::StatusOr<StartActorProcess> MakePythonActor(const ProcessActorSpec& spec, const std::string& runtime_dir);

// OK if there is an interpreter, and the runtime of actors in `runtime_dir`; else FAILED_PRECONDITION.
absl::Status CheckPythonRuntime(const std::string& runtime_dir);

// The script of the runtime that an interpreter begins with, and the options before it.
std::vector<std::string> PythonCommand(const std::string& runtime_dir);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_PYTHON_ACTOR_H_
