// `paranet trust add`: a further Network Root, or a revocation list, for a node.
#ifndef PARANET_TOOLS_CLI_TRUST_ADD_H_
#define PARANET_TOOLS_CLI_TRUST_ADD_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddTrustAdd(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_TRUST_ADD_H_
