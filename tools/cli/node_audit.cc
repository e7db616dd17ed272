#include "tools/cli/node_audit.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct NodeAuditOptions {
  std::string node;
  uint32_t limit = 100;
  int64_t before = 0;
  RemoteNode remote;
};

absl::Status PrintAudit(Context& context, const NodeAuditOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.node, options.remote));
  v1::ListAuditEventsRequest request;
  request.set_limit(options.limit);
  request.set_before_id(options.before);
  PARANET_ASSIGN_OR_RETURN(const v1::ListAuditEventsResponse response, client.ListAuditEvents(request));
  std::vector<std::vector<std::string>> rows;
  for (const v1::AuditEvent& event : response.events()) {
    rows.push_back({absl::StrCat(event.id()), FormatUtc(absl::FromUnixMillis(event.at_unix_ms())), event.event(),
                    event.actor(), event.subject(), event.detail(),
                    event.times() > 1 ? absl::StrCat(event.times(), " times") : ""});
  }
  context.out->Result(MessageToJson(response), FormatTable({"id", "time", "event", "by", "about", "detail", ""}, rows,
                                                           "nothing was decided at " + options.node));
  return absl::OkStatus();
}

}  // namespace

void AddNodeAudit(CommandTree& tree) {
  const auto options = std::make_shared<NodeAuditOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("node", "Nodes on this machine"), "audit",
                             "Lists what was decided about trust and policy at a node, newest first.",
                             "paranet node audit alpha\nparanet node audit alpha --limit 20 --before 1234",
                             [options](Context& context) { return PrintAudit(context, *options); });
  verb->add_option("name,--name,--node", options->node, "The node")->required()->type_name("NAME");
  verb->add_option("--limit", options->limit, "How many at most (100; 1000 is the most)")->type_name("NUMBER");
  verb->add_option("--before", options->before, "Only events with a lower id: the next page")->type_name("ID");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
