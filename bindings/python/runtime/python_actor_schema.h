// What `paranet package build` asks a Python actor's code.
#ifndef PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_ACTOR_SCHEMA_H_
#define PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_ACTOR_SCHEMA_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/package/package_builder.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// The skill sets of the actor's module, sorted by name, by DescribePythonModule (core/runtime/python_schema.h) with the
// runtime that this program has in it. For BuildOptions::python_schema.
absl::StatusOr<ActorSchema> PythonActorSchema(const std::string& folder, const v1::ActorManifest& actor);

}  // namespace paranet

#endif  // PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_ACTOR_SCHEMA_H_
