// `paranet policy check`: what one client may do at a node, and why.
#ifndef PARANET_TOOLS_CLI_POLICY_CHECK_H_
#define PARANET_TOOLS_CLI_POLICY_CHECK_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyCheck(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_CHECK_H_
