#include "tools/cli/trust_ls.h"

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/trust_text.h"

namespace paranet::cli {

void AddTrustLs(CommandTree& tree) {
  const auto node = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb =
      tree.Verb(tree.Noun("trust", "Whom a node trusts"), "ls",
                "Lists the Network Roots and revocation lists that a node goes by.", "paranet trust ls --node alpha",
                [node, remote](Context& context) -> absl::Status {
                  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, *node, *remote));
                  PARANET_ASSIGN_OR_RETURN(const v1::GetTrustResponse trust, client.GetTrust());
                  context.out->Result(MessageToJson(trust), FormatTrust(trust, absl::Now()));
                  return absl::OkStatus();
                });
  verb->add_option("--node", *node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
