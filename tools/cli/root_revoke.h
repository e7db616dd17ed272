// `paranet root revoke`: takes certificates back.
#ifndef PARANET_TOOLS_CLI_ROOT_REVOKE_H_
#define PARANET_TOOLS_CLI_ROOT_REVOKE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootRevoke(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_REVOKE_H_
