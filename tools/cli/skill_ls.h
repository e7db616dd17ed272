// `paranet skill ls`: the skills that can be called at a node.
#ifndef PARANET_TOOLS_CLI_SKILL_LS_H_
#define PARANET_TOOLS_CLI_SKILL_LS_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddSkillLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_SKILL_LS_H_
