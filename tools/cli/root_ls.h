// `paranet root ls`: every certificate that was issued.
#ifndef PARANET_TOOLS_CLI_ROOT_LS_H_
#define PARANET_TOOLS_CLI_ROOT_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_LS_H_
