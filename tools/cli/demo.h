// `paranet demo`: everything once, with real processes, certificates and packages.
#ifndef PARANET_TOOLS_CLI_DEMO_H_
#define PARANET_TOOLS_CLI_DEMO_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddDemo(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_DEMO_H_
