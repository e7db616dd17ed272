// `paranet node renew`: a new key and certificate from the Network Root, now. Nodes do it by themselves in time.
#ifndef PARANET_TOOLS_CLI_NODE_RENEW_H_
#define PARANET_TOOLS_CLI_NODE_RENEW_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddNodeRenew(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_RENEW_H_
