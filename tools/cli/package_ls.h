// `paranet package ls`: the packages on a node.
#ifndef PARANET_TOOLS_CLI_PACKAGE_LS_H_
#define PARANET_TOOLS_CLI_PACKAGE_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_LS_H_
