// `paranet root audit`: what was done, by whom and when.
#ifndef PARANET_TOOLS_CLI_ROOT_AUDIT_H_
#define PARANET_TOOLS_CLI_ROOT_AUDIT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRootAudit(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_AUDIT_H_
