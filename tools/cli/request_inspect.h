// `paranet request inspect`: what certification requests ask for.
#ifndef PARANET_TOOLS_CLI_REQUEST_INSPECT_H_
#define PARANET_TOOLS_CLI_REQUEST_INSPECT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRequestInspect(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_REQUEST_INSPECT_H_
