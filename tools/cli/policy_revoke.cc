#include "tools/cli/policy_revoke.h"

#include <memory>
#include <string>

#include "core/base/status.h"
#include "tools/cli/node_client.h"
#include "tools/cli/policy_text.h"

namespace paranet::cli {
namespace {

struct PolicyRevokeOptions {
  std::string name;
  std::string roles;
  std::string node;
  RemoteNode remote;
};

}  // namespace

void AddPolicyRevoke(CommandTree& tree) {
  const auto options = std::make_shared<PolicyRevokeOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("policy", "Who may do what at a node"), "revoke",
      "Takes roles from an operator, or all of them. The certificate stays good: 'paranet root revoke' ends that.",
      "paranet policy revoke alice deploy --node alpha\nparanet policy revoke alice --node alpha",
      [options](Context& context) -> absl::Status {
        v1::UpdatePolicyRequest request;
        v1::OperatorRoles* const revoke = request.add_revoke();
        revoke->set_identity(options->name);
        if (!options->roles.empty()) PARANET_RETURN_IF_ERROR(AddOperatorRoles(options->roles, revoke));
        return UpdatePolicy(context, options->node, options->remote, request);
      });
  verb->add_option("name", options->name, "An operator of the node's own network, or an operator's identity")
      ->required()
      ->type_name("NAME");
  verb->add_option("roles", options->roles, "read, deploy, federate, root; all without it")->type_name("ROLES");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
