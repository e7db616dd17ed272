#include "tools/cli/node_renew.h"

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/daemon/stopped_node.h"

namespace paranet::cli {
namespace {

constexpr absl::Duration kRenewTime = absl::Seconds(30);

absl::StatusOr<v1::NodeRenewResponse> Renew(const Context& context, const std::string& name, const RemoteNode& remote) {
  absl::StatusOr<NodeClient> client = NodeClient::Connect(context.home, name, remote);
  if (client.ok()) return client->Renew();
  if (client.status().code() != absl::StatusCode::kUnavailable || !remote.address.empty()) return client.status();
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<daemon::StoppedNode> node,
                           daemon::StoppedNode::Open(name, context.home.NodeDir(name), MakeStderrLogger(name)));
  return node->Renew(absl::Now() + kRenewTime);
}

}  // namespace

void AddNodeRenew(CommandTree& tree) {
  const auto name = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb = tree.Verb(
      tree.Noun("node", "Nodes on this machine"), "renew",
      "Gives a node a new key and certificate from its Network Root, now. A running node does it by itself at half of "
      "its certificate's life.",
      "paranet node renew alpha\nparanet node renew --name alpha --output json",
      [name, remote](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const v1::NodeRenewResponse response, Renew(context, *name, *remote));
        context.out->Result(JsonObject().Set("node", *name).Set("certificate", MessageToJson(response.certificate())),
                            FormatFields({{"node", *name}}) + FormatCertificate(response.certificate(), absl::Now()));
        return absl::OkStatus();
      });
  verb->add_option("name,--name,--node", *name, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
