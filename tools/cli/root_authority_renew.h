// `paranet root authority renew`: a new issuing authority below the same root.
#ifndef PARANET_TOOLS_CLI_ROOT_AUTHORITY_RENEW_H_
#define PARANET_TOOLS_CLI_ROOT_AUTHORITY_RENEW_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootAuthorityRenew(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_AUTHORITY_RENEW_H_
