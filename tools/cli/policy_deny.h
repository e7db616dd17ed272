// `paranet policy deny`: a rule by which clients may not call skills.
#ifndef PARANET_TOOLS_CLI_POLICY_DENY_H_
#define PARANET_TOOLS_CLI_POLICY_DENY_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyDeny(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_DENY_H_
