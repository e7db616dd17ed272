#include "tools/cli/link_ls.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

// Seen from this node: `->` it imports, `<-` it exports, `<->` both.
std::string Direction(const v1::LinkInfo& link) {
  if (link.mode() == v1::BIDIRECTIONAL) return "<->";
  return link.dialler() ? "->" : "<-";
}

absl::Status PrintLinks(Context& context, const std::string& node, const RemoteNode& remote) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, node, remote));
  PARANET_ASSIGN_OR_RETURN(const v1::ListLinksResponse response, client.ListLinks());
  std::vector<std::vector<std::string>> rows;
  for (const v1::LinkInfo& link : response.links()) {
    rows.push_back({Direction(link), link.peer(), EnumWord(v1::LinkInfo::State_descriptor(), link.state()),
                    link.address(), absl::StrCat(link.imports()), absl::StrCat(link.exports()),
                    absl::StrCat(link.calls_in()), absl::StrCat(link.calls_out()), link.last_error()});
  }
  context.out->Result(MessageToJson(response), FormatTable({"", "peer", "state", "address", "imports", "exports",
                                                            "calls in", "calls out", "last error"},
                                                           rows, "no links at " + node));
  return absl::OkStatus();
}

}  // namespace

void AddLinkLs(CommandTree& tree) {
  const auto node = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb = tree.Verb(tree.Noun("link", "Links between nodes"), "ls",
                             "Lists the links of a node with their state.", "paranet link ls --node alpha",
                             [node, remote](Context& context) { return PrintLinks(context, *node, *remote); });
  verb->add_option("--node", *node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
