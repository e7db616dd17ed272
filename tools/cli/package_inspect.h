// `paranet package inspect`: what is in an archive.
#ifndef PARANET_TOOLS_CLI_PACKAGE_INSPECT_H_
#define PARANET_TOOLS_CLI_PACKAGE_INSPECT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageInspect(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_INSPECT_H_
