// `paranet root token ls`: the join tokens that were made.
#ifndef PARANET_TOOLS_CLI_ROOT_TOKEN_LS_H_
#define PARANET_TOOLS_CLI_ROOT_TOKEN_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootTokenLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_TOKEN_LS_H_
