// `paranet defederate`: ends the link between two nodes, for both.
#ifndef PARANET_TOOLS_CLI_DEFEDERATE_H_
#define PARANET_TOOLS_CLI_DEFEDERATE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddDefederate(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_DEFEDERATE_H_
