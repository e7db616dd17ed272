// `paranet policy grant`: gives an operator roles at a node.
#ifndef PARANET_TOOLS_CLI_POLICY_GRANT_H_
#define PARANET_TOOLS_CLI_POLICY_GRANT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyGrant(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_GRANT_H_
