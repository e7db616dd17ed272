// `paranet trust ls`: the Network Roots and revocation lists that a node goes by.
#ifndef PARANET_TOOLS_CLI_TRUST_LS_H_
#define PARANET_TOOLS_CLI_TRUST_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddTrustLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_TRUST_LS_H_
