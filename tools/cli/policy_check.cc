#include "tools/cli/policy_check.h"

#include <memory>
#include <string>

#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/policy_text.h"

namespace paranet::cli {
namespace {

struct PolicyCheckOptions {
  std::string who;
  std::string skill;
  std::string node;
  RemoteNode remote;
};

absl::Status Check(Context& context, const PolicyCheckOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.node, options.remote));
  v1::CheckPolicyRequest request;
  request.set_identity(options.who);
  request.set_skill(options.skill);
  PARANET_ASSIGN_OR_RETURN(const v1::CheckPolicyResponse answer, client.CheckPolicy(request));
  context.out->Result(MessageToJson(answer), FormatFields({{"roles", FormatRoles(answer.roles())},
                                                           {"may call", options.skill.empty() ? ""
                                                                        : answer.may_call()   ? "yes"
                                                                                              : "no"},
                                                           {"because", answer.reason()}}));
  return absl::OkStatus();
}

}  // namespace

void AddPolicyCheck(CommandTree& tree) {
  const auto options = std::make_shared<PolicyCheckOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("policy", "Who may do what at a node"), "check",
                             "Says which roles a client has, whether it may call a skill, and which rule decides.",
                             "paranet policy check alice weather/current --node alpha\n"
                             "paranet policy check paranet://acme/node/beta weather/current --node alpha",
                             [options](Context& context) { return Check(context, *options); });
  verb->add_option("who", options->who, "An operator's name, or an identity")->required()->type_name("WHO");
  verb->add_option("skill", options->skill, "SUBJECT/ACTION; only the roles without it")->type_name("SKILL");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
