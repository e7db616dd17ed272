// `paranet node status`: what a running node says about itself.
#ifndef PARANET_TOOLS_CLI_NODE_STATUS_H_
#define PARANET_TOOLS_CLI_NODE_STATUS_H_

#include <string>

#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"

namespace paranet::cli {

// One field a line.
std::string FormatNodeStatus(const v1::GetStatusResponse& status);

// `Standard Node`, `Test Node`.
std::string NodeKindName(v1::NodeKind kind);

void AddNodeStatus(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_STATUS_H_
