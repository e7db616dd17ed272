// `paranet trust crl`: gives a node revocation lists.
#ifndef PARANET_TOOLS_CLI_TRUST_CRL_H_
#define PARANET_TOOLS_CLI_TRUST_CRL_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddTrustCrl(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_TRUST_CRL_H_
