// `paranet package rollback`: goes back to a version that a node had before.
#ifndef PARANET_TOOLS_CLI_PACKAGE_ROLLBACK_H_
#define PARANET_TOOLS_CLI_PACKAGE_ROLLBACK_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageRollback(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_ROLLBACK_H_
