#include "tools/cli/policy_ls.h"

#include <memory>
#include <string>

#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/policy_text.h"

namespace paranet::cli {

void AddPolicyLs(CommandTree& tree) {
  const auto node = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb = tree.Verb(
      tree.Noun("policy", "Who may do what at a node"), "ls", "Lists the roles of operators and the rules for calls.",
      "paranet policy ls --node alpha", [node, remote](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, *node, *remote));
        PARANET_ASSIGN_OR_RETURN(const v1::GetPolicyResponse policy, client.GetPolicy());
        context.out->Result(MessageToJson(policy), FormatPolicy(policy));
        return absl::OkStatus();
      });
  verb->add_option("--node", *node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
