// `paranet package pull`: gets the archive of a deployed package back.
#ifndef PARANET_TOOLS_CLI_PACKAGE_PULL_H_
#define PARANET_TOOLS_CLI_PACKAGE_PULL_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackagePull(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_PULL_H_
