#include "tools/cli/node_stop.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/node_client.h"
#include "tools/cli/process.h"

namespace paranet::cli {
namespace {

struct NodeStopOptions {
  std::string name;
  std::string timeout = "30s";
  RemoteNode remote;
};

// Of a node elsewhere: there is no process to wait for.
absl::Status AskToStop(Context& context, const NodeStopOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.name, options.remote));
  PARANET_RETURN_IF_ERROR(client.Stop());
  context.out->Result(JsonObject().Set("name", options.name).Set("stopping", true),
                      absl::StrCat(options.name, " is stopping"));
  return absl::OkStatus();
}

}  // namespace

absl::Status StopNode(const Home& home, const std::string& node, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(home, node));
  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, client.GetStatus());
  // Before the stop, so that it is this process and not a later one of the same id.
  PARANET_ASSIGN_OR_RETURN(const ProcessRef process, ProcessRef::Open(static_cast<pid_t>(status.pid())));
  if (const absl::Status stop = client.Stop(); !stop.ok() && !process.WaitForEnd(absl::Now())) {
    // A node may be gone before its answer is out; one that is still there has refused.
    if (!absl::IsUnavailable(stop)) return stop;
  }
  if (process.WaitForEnd(deadline)) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("node \"", node, "\" (process ", status.pid(), ") is still stopping ",
                                                  "after ", absl::FormatDuration(limit), "; see its node.log"));
}

void AddNodeStop(CommandTree& tree) {
  const auto options = std::make_shared<NodeStopOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("node", "Nodes on this machine"), "stop",
                             "Stops a node: running calls may end, then it goes. Returns when it has gone.",
                             "paranet node stop alpha\nparanet node stop --name alpha --timeout 1m",
                             [options](Context& context) -> absl::Status {
                               PARANET_ASSIGN_OR_RETURN(const absl::Duration limit,
                                                        ParseDurationOption("--timeout", options->timeout));
                               if (!options->remote.address.empty() || !options->remote.identity.empty()) {
                                 return AskToStop(context, *options);
                               }
                               PARANET_RETURN_IF_ERROR(StopNode(context.home, options->name, limit));
                               context.out->Result(JsonObject().Set("name", options->name).Set("stopped", true),
                                                   absl::StrCat(options->name, " has stopped"));
                               return absl::OkStatus();
                             });
  verb->add_option("name,--name,--node", options->name, "The node")->required()->type_name("NAME");
  verb->add_option("--timeout", options->timeout, "How long to wait for it (30s)")->type_name("TIME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
