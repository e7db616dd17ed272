#include "tools/cli/policy_clear.h"

#include <memory>
#include <string>

#include "tools/cli/node_client.h"
#include "tools/cli/policy_text.h"

namespace paranet::cli {
namespace {

struct PolicyClearOptions {
  std::string who;
  std::string what;
  std::string node;
  RemoteNode remote;
};

}  // namespace

void AddPolicyClear(CommandTree& tree) {
  const auto options = std::make_shared<PolicyClearOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("policy", "Who may do what at a node"), "clear",
                             "Takes a rule of 'policy allow' or 'policy deny' away.",
                             "paranet policy clear node payroll.v1.Payroll --node alpha", [options](Context& context) {
                               v1::UpdatePolicyRequest request;
                               v1::CallRule* const rule = request.add_remove_rules();
                               rule->set_who(options->who);
                               rule->set_what(options->what);
                               return UpdatePolicy(context, options->node, options->remote, request);
                             });
  verb->add_option("who", options->who, "As 'policy ls' lists it")->required()->type_name("WHO");
  verb->add_option("what", options->what, "As 'policy ls' lists it")->required()->type_name("WHAT");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
