// `paranet policy revoke`: takes roles from an operator.
#ifndef PARANET_TOOLS_CLI_POLICY_REVOKE_H_
#define PARANET_TOOLS_CLI_POLICY_REVOKE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyRevoke(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_REVOKE_H_
