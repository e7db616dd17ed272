// `paranet root rotate prepare`: makes the next root, which everybody learns to trust.
#ifndef PARANET_TOOLS_CLI_ROOT_ROTATE_PREPARE_H_
#define PARANET_TOOLS_CLI_ROOT_ROTATE_PREPARE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootRotatePrepare(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_ROTATE_PREPARE_H_
