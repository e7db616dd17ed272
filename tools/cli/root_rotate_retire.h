// `paranet root rotate retire`: the old root is gone.
#ifndef PARANET_TOOLS_CLI_ROOT_ROTATE_RETIRE_H_
#define PARANET_TOOLS_CLI_ROOT_ROTATE_RETIRE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootRotateRetire(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_ROTATE_RETIRE_H_
