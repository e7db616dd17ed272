// `paranet root show`: what was issued to somebody.
#ifndef PARANET_TOOLS_CLI_ROOT_SHOW_H_
#define PARANET_TOOLS_CLI_ROOT_SHOW_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootShow(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_SHOW_H_
