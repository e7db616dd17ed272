// `paranet policy allow`: a rule by which clients may call skills.
#ifndef PARANET_TOOLS_CLI_POLICY_ALLOW_H_
#define PARANET_TOOLS_CLI_POLICY_ALLOW_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyAllow(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_ALLOW_H_
