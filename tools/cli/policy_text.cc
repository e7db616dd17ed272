#include "tools/cli/policy_text.h"

#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/message_json.h"
#include "tools/cli/output.h"

namespace paranet::cli {
namespace {

std::string When(int64_t unix_ms) { return FormatUtc(absl::FromUnixMillis(unix_ms)); }

struct PolicyRuleOptions {
  std::string who;
  std::string what;
  std::string node;
  RemoteNode remote;
};

}  // namespace

absl::Status AddOperatorRoles(absl::string_view text, v1::OperatorRoles* roles) {
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    v1::OperatorRole role = v1::OPERATOR_ROLE_UNSPECIFIED;
    const std::string name = absl::StrCat("OPERATOR_ROLE_", absl::AsciiStrToUpper(word));
    if (!v1::OperatorRole_Parse(name, &role) || role == v1::OPERATOR_ROLE_UNSPECIFIED) {
      return UsageError(absl::StrCat("the roles are read, deploy, federate and root, and \"", word, "\" is none.",
                                     DidYouMean(word, {"read", "deploy", "federate", "root"})));
    }
    roles->add_roles(role);
  }
  return absl::OkStatus();
}

std::string FormatRoles(const google::protobuf::RepeatedField<int>& roles) {
  std::vector<std::string> words;
  for (const int role : roles) words.push_back(EnumWord(v1::OperatorRole_descriptor(), role));
  return words.empty() ? "none" : absl::StrJoin(words, ", ");
}

std::string FormatPolicy(const v1::GetPolicyResponse& policy) {
  std::vector<std::vector<std::string>> operators;
  for (const v1::OperatorRoles& listed : policy.operators()) {
    operators.push_back(
        {listed.identity(), FormatRoles(listed.roles()), listed.set_by(), When(listed.set_at_unix_ms())});
  }
  operators.push_back({"(every other operator of the network)", FormatRoles(policy.default_roles()), "", ""});
  std::vector<std::vector<std::string>> rules;
  for (const v1::CallRule& rule : policy.rules()) {
    rules.push_back(
        {rule.allow() ? "allow" : "deny", rule.who(), rule.what(), rule.set_by(), When(rule.set_at_unix_ms())});
  }
  return absl::StrCat(FormatTable({"operator", "roles", "set by", "at"}, operators, ""), "\n",
                      FormatTable({"rule", "who", "what", "set by", "at"}, rules, "no rules for calls"));
}

absl::Status UpdatePolicy(Context& context, const std::string& node, const RemoteNode& remote,
                          const v1::UpdatePolicyRequest& request) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, node, remote));
  PARANET_ASSIGN_OR_RETURN(const v1::GetPolicyResponse policy, client.UpdatePolicy(request));
  context.out->Result(MessageToJson(policy), FormatPolicy(policy));
  return absl::OkStatus();
}

void AddPolicyRule(CommandTree& tree, bool allow) {
  const auto options = std::make_shared<PolicyRuleOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("policy", "Who may do what at a node"), allow ? "allow" : "deny",
      allow ? "Lets clients call skills: an exception to a rule that denies more, or an operator of another network."
            : "Forbids clients to call skills, over the network and over links. The most specific rule decides.",
      allow ? "paranet policy allow paranet://acme/operator/alice weather/current --node alpha\n"
              "paranet policy allow paranet://partner/operator/bob weather/* --node alpha"
            : "paranet policy deny paranet://acme/operator/alice weather/* --node alpha\n"
              "paranet policy deny node payroll.v1.Payroll --node alpha\n"
              "paranet policy deny operator '*' --node alpha",
      [options, allow](Context& context) {
        v1::UpdatePolicyRequest request;
        v1::CallRule* const rule = request.add_set_rules();
        rule->set_who(options->who);
        rule->set_what(options->what);
        rule->set_allow(allow);
        return UpdatePolicy(context, options->node, options->remote, request);
      });
  verb->add_option("who", options->who, "An identity, or `operator` or `node` for all of the role")
      ->required()
      ->type_name("WHO");
  verb->add_option("what", options->what, "A skill, SUBJECT/*, a skill set, or *")->required()->type_name("WHAT");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
