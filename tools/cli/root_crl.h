// `paranet root crl`: the revocation lists, as files.
#ifndef PARANET_TOOLS_CLI_ROOT_CRL_H_
#define PARANET_TOOLS_CLI_ROOT_CRL_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootCrl(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_CRL_H_
