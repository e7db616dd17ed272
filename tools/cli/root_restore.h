// `paranet root restore`: a Network Root from its backup.
#ifndef PARANET_TOOLS_CLI_ROOT_RESTORE_H_
#define PARANET_TOOLS_CLI_ROOT_RESTORE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootRestore(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_RESTORE_H_
