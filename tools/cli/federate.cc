#include "tools/cli/federate.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "core/skill/skill_id.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

absl::Status NeverFederates(const std::string& node) {
  return absl::PermissionDeniedError(absl::StrCat(
      "\"", node, "\" is a Test Node, which stays on this machine and never federates; make it a Standard ",
      "Node: `paranet root issue NETWORK --role node --name ", node, " --out DIR`, `paranet node stop ", node,
      "`, `paranet node start --name ", node, " --identity DIR`"));
}

// HOST:PORT of a node of this machine.
absl::StatusOr<std::string> AddressOf(const Home& home, const std::string& node) {
  if (const absl::Status known = home.CheckNode(node); !known.ok()) {
    return absl::Status(
        known.code(), absl::StrCat(known.message(), ". A node elsewhere needs its address: --to ", node, "@HOST:PORT"));
  }
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(home, node));
  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, client.GetStatus());
  if (status.kind() == v1::TEST) return NeverFederates(node);
  return status.address();
}

}  // namespace

absl::StatusOr<v1::LinkInfo> FederateNodes(const Home& home, const FederateOptions& options) {
  const std::pair<std::string, std::string> to = absl::StrSplit(options.to, absl::MaxSplits('@', 1));
  if (const absl::Status name = CheckName(to.first, "--to"); !name.ok()) return UsageError(name.message());
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(home, options.from, options.remote));
  v1::FederateRequest request;
  request.set_peer(to.first);
  request.set_address(to.second);
  request.set_mode(options.bidirectional ? v1::BIDIRECTIONAL : v1::ONE_WAY);
  if (to.second.empty()) {
    PARANET_ASSIGN_OR_RETURN(*request.mutable_address(), AddressOf(home, to.first));
  }
  PARANET_ASSIGN_OR_RETURN(v1::FederateResponse response, client.Federate(request));
  return std::move(*response.mutable_link());
}

void AddFederate(CommandTree& tree) {
  const auto options = std::make_shared<FederateOptions>();
  CLI::App* verb = tree.Verb(
      nullptr, "federate", "Links two Standard Nodes: --from dials and can then call the skills of --to.",
      "paranet federate --from alpha --to beta\n"
      "paranet federate --from alpha --to beta@10.0.0.2:7000\n"
      "paranet federate --from alpha --to beta --bidirectional",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const v1::LinkInfo link, FederateNodes(context.home, *options));
        context.out->Result(
            JsonObject().Set("from", options->from).Set("link", MessageToJson(link)),
            FormatFields({{"link", absl::StrCat(options->from, options->bidirectional ? " <-> " : " -> ", link.peer())},
                          {"address", link.address()},
                          {"state", EnumWord(v1::LinkInfo::State_descriptor(), link.state())},
                          {"imports", absl::StrCat(link.imports(), " skill sets")},
                          {"exports", absl::StrCat(link.exports(), " skill sets")}}));
        return absl::OkStatus();
      });
  verb->add_option("--from", options->from, "The node that dials and imports")->required()->type_name("NODE");
  verb->add_option("--to", options->to, "The node that serves and exports")->required()->type_name("NODE[@HOST:PORT]");
  verb->add_flag("--bidirectional", options->bidirectional, "Both export and both import");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
