#include "bindings/python/runtime/python_actor_schema.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bindings/python/runtime/python_runtime.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/runtime/python_schema.h"
#include "google/protobuf/descriptor.pb.h"

namespace paranet {

absl::StatusOr<ActorSchema> PythonActorSchema(const std::string& folder, const v1::ActorManifest& actor) {
  PARANET_ASSIGN_OR_RETURN(const TemporaryDirectory directory, TemporaryDirectory::Create());
  PARANET_ASSIGN_OR_RETURN(const std::string runtime, InstallPythonRuntime(absl::StrCat(directory.path(), "/runtime")));
  ActorSchema schema;
  PARANET_ASSIGN_OR_RETURN(schema.descriptors, DescribePythonModule(runtime, folder, actor.python()));
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromString(schema.descriptors)) {
    return absl::InternalError(absl::StrCat("the descriptors of module ", actor.python(), " are none"));
  }
  for (const google::protobuf::FileDescriptorProto& file : files.file()) {
    for (const google::protobuf::ServiceDescriptorProto& service : file.service()) {
      schema.skill_sets.push_back(absl::StrCat(file.package(), ".", service.name()));
    }
  }
  std::sort(schema.skill_sets.begin(), schema.skill_sets.end());
  return schema;
}

}  // namespace paranet
