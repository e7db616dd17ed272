// `paranet link ls`: the links of a node.
#ifndef PARANET_TOOLS_CLI_LINK_LS_H_
#define PARANET_TOOLS_CLI_LINK_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddLinkLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_LINK_LS_H_
