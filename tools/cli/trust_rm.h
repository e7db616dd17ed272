// `paranet trust rm`: takes a further Network Root from a node.
#ifndef PARANET_TOOLS_CLI_TRUST_RM_H_
#define PARANET_TOOLS_CLI_TRUST_RM_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddTrustRm(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_TRUST_RM_H_
