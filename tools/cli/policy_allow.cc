#include "tools/cli/policy_allow.h"

#include "tools/cli/policy_text.h"

namespace paranet::cli {

void AddPolicyAllow(CommandTree& tree) { AddPolicyRule(tree, /*allow=*/true); }

}  // namespace paranet::cli
