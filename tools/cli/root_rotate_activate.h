// `paranet root rotate activate`: the new root issues.
#ifndef PARANET_TOOLS_CLI_ROOT_ROTATE_ACTIVATE_H_
#define PARANET_TOOLS_CLI_ROOT_ROTATE_ACTIVATE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootRotateActivate(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_ROTATE_ACTIVATE_H_
