// `paranet node audit`: what was decided about trust and policy at a node.
#ifndef PARANET_TOOLS_CLI_NODE_AUDIT_H_
#define PARANET_TOOLS_CLI_NODE_AUDIT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddNodeAudit(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_AUDIT_H_
