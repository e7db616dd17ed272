// The example packages that programs carry inside of them, as folders to build packages from.
#ifndef PARANET_TOOLS_DAEMON_EXAMPLE_PACKAGE_H_
#define PARANET_TOOLS_DAEMON_EXAMPLE_PACKAGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "core/package/package_builder.h"

namespace paranet::daemon {

// Writes `files`, each with `path` and `content` (std::string_view), to the new directory `folder`.
template <typename Files>
absl::Status WriteExampleFolder(const Files& files, const std::string& folder) {
  PARANET_RETURN_IF_ERROR(MakeDirectories(folder));
  for (const auto& file : files) {
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(folder + "/" + std::string(file.path), std::string(file.content)));
  }
  return absl::OkStatus();
}

// The bytes of the unsigned archive that `files` make.
template <typename Files>
absl::StatusOr<std::string> BuildExampleArchive(const Files& files) {
  PARANET_ASSIGN_OR_RETURN(const TemporaryDirectory directory, TemporaryDirectory::Create("paranet-example"));
  const std::string folder = directory.path() + "/package";
  PARANET_RETURN_IF_ERROR(WriteExampleFolder(files, folder));
  PARANET_ASSIGN_OR_RETURN(const Package package, BuildPackage(folder));
  return SerializeArchive(package);
}

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_EXAMPLE_PACKAGE_H_
