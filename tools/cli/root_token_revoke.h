// `paranet root token revoke`: makes a join token useless.
#ifndef PARANET_TOOLS_CLI_ROOT_TOKEN_REVOKE_H_
#define PARANET_TOOLS_CLI_ROOT_TOKEN_REVOKE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootTokenRevoke(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_TOKEN_REVOKE_H_
