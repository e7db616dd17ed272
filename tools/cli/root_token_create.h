// `paranet root token create`: a join token for one node.
#ifndef PARANET_TOOLS_CLI_ROOT_TOKEN_CREATE_H_
#define PARANET_TOOLS_CLI_ROOT_TOKEN_CREATE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootTokenCreate(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_TOKEN_CREATE_H_
