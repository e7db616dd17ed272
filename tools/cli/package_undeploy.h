// `paranet package undeploy`: takes a package off a node.
#ifndef PARANET_TOOLS_CLI_PACKAGE_UNDEPLOY_H_
#define PARANET_TOOLS_CLI_PACKAGE_UNDEPLOY_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageUndeploy(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_UNDEPLOY_H_
