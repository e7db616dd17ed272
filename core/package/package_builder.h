// From a folder to a package.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_BUILDER_H_
#define PARANET_CORE_PACKAGE_PACKAGE_BUILDER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/package/package.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// What the code of an actor says that it serves.
struct ActorSchema {
  // A serialized google.protobuf.FileDescriptorSet with all that the services need (SkillSet::Create).
  std::string descriptors;
  // Full names of services in it, at least one.
  std::vector<std::string> skill_sets;
};

struct BuildOptions {
  // Asks a Python actor whose manifest names no `descriptors`, with `folder` as its package's folder. Writes nothing
  // there. The same files must make the same bytes. Null: such an actor is INVALID_ARGUMENT.
  std::function<absl::StatusOr<ActorSchema>(const std::string& folder, const v1::ActorManifest& actor)> python_schema;
};

// Reads FOLDER/paranet.yaml (manifest_yaml.h) and all other regular files below FOLDER but for packages (`*.paranet`)
// directly in it, so that a package built there does not end up in the next, and for folders named `__pycache__`, which
// Python leaves behind. Unsigned. The same files make the same bytes, whatever their order on disk, times and owners;
// of their modes only the owner's right to execute counts. The descriptors of a Python actor that names none become the
// file ACTOR.binpb; its skill sets are those of its code, and the manifest's are the same if it names some.
//
// NOT_FOUND if there is no folder or no paranet.yaml. INVALID_ARGUMENT, naming the file: symbolic links, devices,
// sockets and pipes; names with control characters or not UTF-8; names that differ only in case; more than 1,000 files
// or 256 MiB; a file that an actor names and that is not there; a skill set that is not in its actor's descriptors or
// is not valid (SkillSet::Create). Empty folders leave no trace.
absl::StatusOr<Package> BuildPackage(const std::string& folder, const BuildOptions& options = {});

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_BUILDER_H_
