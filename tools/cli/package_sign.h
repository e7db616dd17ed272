// `paranet package sign`: puts a publisher's signature on an archive.
#ifndef PARANET_TOOLS_CLI_PACKAGE_SIGN_H_
#define PARANET_TOOLS_CLI_PACKAGE_SIGN_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/package_build.h"

namespace paranet::cli {

struct PackageSignOptions {
  std::string file;
  // Directory with the publisher's key.pem, chain.pem and roots.pem.
  std::string identity;
  // Empty: the file itself is replaced.
  std::string out;
};

absl::StatusOr<PackageFileResult> SignPackageFile(const PackageSignOptions& options);

void AddPackageSign(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_SIGN_H_
