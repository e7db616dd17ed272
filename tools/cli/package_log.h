// `paranet package log`: what an actor has written.
#ifndef PARANET_TOOLS_CLI_PACKAGE_LOG_H_
#define PARANET_TOOLS_CLI_PACKAGE_LOG_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageLog(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_LOG_H_
