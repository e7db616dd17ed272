// `paranet policy clear`: takes a rule away.
#ifndef PARANET_TOOLS_CLI_POLICY_CLEAR_H_
#define PARANET_TOOLS_CLI_POLICY_CLEAR_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPolicyClear(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_CLEAR_H_
