// `paranet skill show`: one skill with its messages and an example.
#ifndef PARANET_TOOLS_CLI_SKILL_SHOW_H_
#define PARANET_TOOLS_CLI_SKILL_SHOW_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddSkillShow(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_SKILL_SHOW_H_
