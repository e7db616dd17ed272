// A node's policy, on the command line and for the eye.
#ifndef PARANET_TOOLS_CLI_POLICY_TEXT_H_
#define PARANET_TOOLS_CLI_POLICY_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {

// Adds `read,deploy` to `roles`. A usage error names what is no role.
absl::Status AddOperatorRoles(absl::string_view text, v1::OperatorRoles* roles);

// `read, deploy`; `none`.
std::string FormatRoles(const google::protobuf::RepeatedField<int>& roles);

// Operators, then rules.
std::string FormatPolicy(const v1::GetPolicyResponse& policy);

// What the verbs that change a policy have in common: asks the node for it and prints the policy that there is then.
absl::Status UpdatePolicy(Context& context, const std::string& node, const RemoteNode& remote,
                          const v1::UpdatePolicyRequest& request);

// `paranet policy allow` and `deny`: one command but for a word.
void AddPolicyRule(CommandTree& tree, bool allow);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_POLICY_TEXT_H_
