// From a folder to a package.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_BUILDER_H_
#define PARANET_CORE_PACKAGE_PACKAGE_BUILDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/package/package.h"

namespace paranet {

// Reads FOLDER/paranet.yaml (manifest_yaml.h) and all other regular files below FOLDER but for packages (`*.paranet`)
// directly in it, so that a package built there does not end up in the next. Unsigned. The same files make the same
// bytes, whatever their order on disk, times and owners; of their modes only the owner's right to execute counts.
//
// NOT_FOUND if there is no folder or no paranet.yaml. INVALID_ARGUMENT, naming the file: symbolic links, devices,
// sockets and pipes; names with control characters or not UTF-8; names that differ only in case; more than 1,000 files
// or 256 MiB; a file that an actor names and that is not there; a skill set that is not in its actor's descriptors or
// is not valid (SkillSet::Create). Empty folders leave no trace.
absl::StatusOr<Package> BuildPackage(const std::string& folder);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_BUILDER_H_
