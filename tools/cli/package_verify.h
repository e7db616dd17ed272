// `paranet package verify`: whether an archive is whole, and whom its signature is by.
#ifndef PARANET_TOOLS_CLI_PACKAGE_VERIFY_H_
#define PARANET_TOOLS_CLI_PACKAGE_VERIFY_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageVerify(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_VERIFY_H_
