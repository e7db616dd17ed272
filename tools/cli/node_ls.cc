#include "tools/cli/node_ls.h"

#include "absl/strings/str_cat.h"
#include "core/node/installed_kind.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/node_status.h"

namespace paranet::cli {
namespace {

std::string StateOf(const ListedNode& node) {
  if (node.status.has_value()) return "running";
  return node.error.ok() ? "stopped" : "not answering";
}

// Of a node that does not run too.
v1::NodeKind KindOf(const Home& home, const ListedNode& node) {
  if (node.status.has_value()) return node.status->kind();
  switch (ReadInstalledKind(home.NodeDir(node.name))) {
    case InstalledKind::kStandard:
      return v1::STANDARD;
    case InstalledKind::kTest:
      return v1::TEST;
    case InstalledKind::kNone:
      break;
  }
  return v1::NODE_KIND_UNSPECIFIED;
}

absl::Status PrintNodes(Context& context) {
  std::vector<Json> json;
  std::vector<std::vector<std::string>> rows;
  for (const ListedNode& node : ListNodes(context.home)) {
    const v1::NodeKind kind = KindOf(context.home, node);
    const v1::GetStatusResponse status = node.status.value_or(v1::GetStatusResponse());
    JsonObject object;
    object.Set("name", node.name)
        .Set("state", StateOf(node))
        .Set("kind", EnumWord(v1::NodeKind_descriptor(), kind))
        .Set("data_dir", context.home.NodeDir(node.name));
    if (node.status.has_value()) {
      object.Set("network", status.network()).Set("address", status.address()).Set("pid", status.pid());
    }
    if (!node.error.ok()) object.Set("error", node.error.message());
    json.push_back(object);
    rows.push_back({node.name, StateOf(node), NodeKindName(kind), status.network(), status.address(),
                    node.status.has_value() ? absl::StrCat(status.pid()) : ""});
  }
  context.out->Result(JsonObject().Set("nodes", Json::Array(json)),
                      FormatTable({"name", "state", "kind", "network", "address", "pid"}, rows,
                                  absl::StrCat("no nodes in ", context.home.path())));
  return absl::OkStatus();
}

}  // namespace

std::vector<ListedNode> ListNodes(const Home& home) {
  std::vector<ListedNode> nodes;
  for (const std::string& name : home.Nodes()) {
    ListedNode node{.name = name, .status = std::nullopt, .error = absl::OkStatus()};
    absl::StatusOr<NodeClient> client = NodeClient::Connect(home, name);
    if (client.ok()) {
      absl::StatusOr<v1::GetStatusResponse> status = client->GetStatus();
      if (status.ok()) {
        node.status = *std::move(status);
      } else {
        node.error = status.status();
      }
    } else if (!absl::IsUnavailable(client.status())) {
      node.error = client.status();
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

void AddNodeLs(CommandTree& tree) {
  tree.Verb(tree.Noun("node", "Nodes on this machine"), "ls", "Lists the nodes in $PARANET_HOME, running or not.",
            "paranet node ls\nparanet node ls --output json", PrintNodes);
}

}  // namespace paranet::cli
