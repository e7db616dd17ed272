#include "tools/cli/node_status.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/output.h"

namespace paranet::cli {

std::string NodeKindName(v1::NodeKind kind) {
  return kind == v1::STANDARD ? "Standard Node" : kind == v1::TEST ? "Test Node" : "node";
}

std::string FormatNodeStatus(const v1::GetStatusResponse& status) {
  const bool standard = status.kind() == v1::STANDARD;
  std::vector<std::pair<std::string, std::string>> fields = {
      {"name", status.name()},
      {"kind", NodeKindName(status.kind())},
      {"network", status.network()},
      {"address", status.address()},
      {"socket", status.socket()},
      {"data", status.data_dir()},
      {"pid", absl::StrCat(status.pid())},
      {"version", status.version()},
      {"started", FormatUtc(absl::FromUnixMillis(status.started_at_unix_ms()))},
      {"certificate",
       status.has_certificate()
           ? absl::StrCat("until ", FormatUtc(absl::FromUnixSeconds(status.certificate().not_after_unix())))
           : ""},
      {"packages", absl::StrCat(status.packages())},
      {"skill sets", absl::StrCat(status.skill_sets())},
      {"links", standard ? absl::StrCat(status.links_up(), " of ", status.links(), " up") : ""},
  };
  for (const std::string& warning : status.warnings()) fields.emplace_back("warning", warning);
  return FormatFields(fields);
}

void AddNodeStatus(CommandTree& tree) {
  const auto name = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb =
      tree.Verb(tree.Noun("node", "Nodes on this machine"), "status", "Prints what a running node says of itself.",
                "paranet node status alpha\n"
                "paranet node status --name alpha --output json\n"
                "paranet node status alpha --address 10.0.0.1:7000 --identity alice",
                [name, remote](Context& context) -> absl::Status {
                  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, *name, *remote));
                  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, client.GetStatus());
                  context.out->Result(MessageToJson(status), FormatNodeStatus(status));
                  return absl::OkStatus();
                });
  verb->add_option("name,--name,--node", *name, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
