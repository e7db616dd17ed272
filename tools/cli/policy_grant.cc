#include "tools/cli/policy_grant.h"

#include <memory>
#include <string>

#include "core/base/status.h"
#include "tools/cli/node_client.h"
#include "tools/cli/policy_text.h"

namespace paranet::cli {
namespace {

struct PolicyGrantOptions {
  std::string name;
  std::string roles;
  std::string node;
  RemoteNode remote;
};

}  // namespace

void AddPolicyGrant(CommandTree& tree) {
  const auto options = std::make_shared<PolicyGrantOptions>();
  CLI::App* verb =
      tree.Verb(tree.Noun("policy", "Who may do what at a node"), "grant",
                "Gives an operator roles at a node: read, deploy and federate (each with read), root (all of them, and "
                "certificates, trust, policy and stopping).",
                "paranet policy grant alice read,deploy --node alpha\n"
                "paranet policy grant paranet://partner/operator/bob read --node alpha",
                [options](Context& context) -> absl::Status {
                  v1::UpdatePolicyRequest request;
                  v1::OperatorRoles* const grant = request.add_grant();
                  grant->set_identity(options->name);
                  PARANET_RETURN_IF_ERROR(AddOperatorRoles(options->roles, grant));
                  return UpdatePolicy(context, options->node, options->remote, request);
                });
  verb->add_option("name", options->name, "An operator of the node's own network, or an operator's identity")
      ->required()
      ->type_name("NAME");
  verb->add_option("roles", options->roles, "read, deploy, federate, root; several with commas")
      ->required()
      ->type_name("ROLES");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
