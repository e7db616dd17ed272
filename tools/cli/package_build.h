// `paranet package build`: from a folder to an archive.
#ifndef PARANET_TOOLS_CLI_PACKAGE_BUILD_H_
#define PARANET_TOOLS_CLI_PACKAGE_BUILD_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/package/package.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/json.h"

namespace paranet::cli {

// A package with the file that it was written to.
struct PackageFileResult {
  Package package;
  std::string file;
  // Identity URI of who signed it; empty if nobody has.
  std::string publisher;
};

// `out`: a file, a directory (the file gets the package's name), or empty for the current directory. The file is
// replaced if it is there.
absl::StatusOr<PackageFileResult> BuildPackageFile(const std::string& folder, const std::string& out);

// Writes `archive`, the bytes of `package`, likewise.
absl::StatusOr<PackageFileResult> WritePackageFile(Package package, const std::string& archive, const std::string& out);

// For printing, the same for all that makes archives.
Json PackageFileJson(const PackageFileResult& result);
std::string FormatPackageFile(const PackageFileResult& result);

void AddPackageBuild(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_BUILD_H_
