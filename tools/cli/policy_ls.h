// `paranet policy ls`: who may do what at a node.
#ifndef PARANET_TOOLS_CLI_POLICY_LS_H_
#define PARANET_TOOLS_CLI_POLICY_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_LS_H_
