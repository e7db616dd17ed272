// `paranet node run`: the process that `paranet node start` starts. Not for people; not shown in the help.
#ifndef PARANET_TOOLS_CLI_NODE_RUN_H_
#define PARANET_TOOLS_CLI_NODE_RUN_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddNodeRun(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_RUN_H_
