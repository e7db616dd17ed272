#include "tools/cli/policy_deny.h"

#include "tools/cli/policy_text.h"

namespace paranet::cli {

void AddPolicyDeny(CommandTree& tree) { AddPolicyRule(tree, /*allow=*/false); }

}  // namespace paranet::cli
