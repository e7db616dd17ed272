// `paranet root backup`: the whole Network Root in one file.
#ifndef PARANET_TOOLS_CLI_ROOT_BACKUP_H_
#define PARANET_TOOLS_CLI_ROOT_BACKUP_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootBackup(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_BACKUP_H_
