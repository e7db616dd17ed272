#include "tools/cli/node_start.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/node_status.h"
#include "tools/cli/process.h"
#include "tools/daemon/daemon.h"
#include "tools/daemon/new_data_dir.h"

namespace paranet::cli {
namespace {

// A node dials its links before it reports; peers may be slow to refuse.
constexpr absl::Duration kStartLimit = absl::Seconds(60);

daemon::DaemonOptions ToDaemonOptions(const Home& home, const NodeStartOptions& options) {
  return {.name = options.name,
          .data_dir = home.NodeDir(options.name),
          .listen = options.listen,
          .test = options.test,
          .identity_dir = options.identity,
          .actors_file = options.actors};
}

// What can be found wrong before anything is made. What is wrong with the command line is a usage error.
absl::Status Check(const daemon::DaemonOptions& options) {
  absl::Status status = daemon::CheckDaemonOptions(options);
  // With an identity or settings, INVALID_ARGUMENT may be about their files.
  const bool about_files = (!options.identity_dir.empty() && !options.test) || !options.actors_file.empty();
  return status.code() == absl::StatusCode::kInvalidArgument && !about_files ? UsageError(status.message()) : status;
}

std::vector<std::string> RunArguments(const Context& context, const daemon::DaemonOptions& options) {
  std::vector<std::string> argv = {context.executable, "node",       "run",           "--name",
                                   options.name,       "--data-dir", options.data_dir};
  if (options.test) argv.push_back("--test");
  if (!options.identity_dir.empty()) argv.insert(argv.end(), {"--identity", options.identity_dir});
  if (!options.actors_file.empty()) argv.insert(argv.end(), {"--actors", options.actors_file});
  if (!options.listen.empty()) argv.insert(argv.end(), {"--listen", options.listen});
  return argv;
}

absl::StatusOr<v1::GetStatusResponse> StartApart(const Context& context, const daemon::DaemonOptions& daemon_options,
                                                 bool dies_with_parent) {
  PARANET_RETURN_IF_ERROR(MakeDirectories(daemon_options.data_dir, 0700));
  PARANET_RETURN_IF_ERROR(StartDaemon({.argv = RunArguments(context, daemon_options),
                                       .log_file = absl::StrCat(daemon_options.data_dir, "/node.log"),
                                       .dies_with_parent = dies_with_parent},
                                      absl::Now() + kStartLimit)
                              .status());
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, daemon_options.name));
  return client.GetStatus();
}

absl::Status RunInForeground(Context& context, const NodeStartOptions& options) {
  daemon::DaemonOptions daemon_options = ToDaemonOptions(context.home, options);
  PARANET_RETURN_IF_ERROR(Check(daemon_options));
  daemon_options.logger = MakeStderrLogger(options.name);
  daemon_options.started = [&](Node& node) {
    const v1::GetStatusResponse status = node.Status();
    context.out->Result(MessageToJson(status), FormatNodeStatus(status));
    return absl::OkStatus();
  };
  return daemon::RunDaemon(daemon_options);
}

}  // namespace

absl::StatusOr<v1::GetStatusResponse> StartNode(const Context& context, const NodeStartOptions& options) {
  const daemon::DaemonOptions daemon_options = ToDaemonOptions(context.home, options);
  PARANET_RETURN_IF_ERROR(Check(daemon_options));
  const daemon::NewDataDir data_dir(daemon_options.data_dir);
  absl::StatusOr<v1::GetStatusResponse> status = StartApart(context, daemon_options, options.dies_with_parent);
  if (!status.ok()) data_dir.Discard();
  return status;
}

void AddNodeStart(CommandTree& tree) {
  const auto options = std::make_shared<NodeStartOptions>();
  CLI::App* verb =
      tree.Verb(tree.Noun("node", "Nodes on this machine"), "start",
                "Starts a node and returns when it serves. A node that was started before needs only its name.",
                "paranet node start --name t1 --test\n"
                "paranet node start --name alpha --identity alpha-identity\n"
                "paranet node start --name alpha --listen 0.0.0.0:7000\n"
                "paranet node start --name alpha --actors actors.yaml\n"
                "paranet node start --name alpha --foreground",
                [options](Context& context) -> absl::Status {
                  if (options->foreground) return RunInForeground(context, *options);
                  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, StartNode(context, *options));
                  context.out->Result(MessageToJson(status), FormatNodeStatus(status));
                  return absl::OkStatus();
                });
  verb->add_option("name,--name,--node", options->name, "Its name")->required()->type_name("NAME");
  verb->add_flag("--test", options->test,
                 "A Test Node: stays on this machine, takes unsigned packages, never federates");
  verb->add_option("--identity", options->identity,
                   "A Standard Node with key.pem, chain.pem and roots.pem of this directory, which are copied")
      ->type_name("DIR");
  verb->add_option("--listen", options->listen,
                   "Where it serves (where it did last, or a free port on loopback); a Test Node on loopback only")
      ->type_name("HOST:PORT");
  verb->add_option("--actors", options->actors,
                   "Settings for its actors (configuration, network, isolation, limits), which are copied")
      ->type_name("FILE");
  verb->add_flag("--foreground", options->foreground, "Run in this process until it is stopped");
}

}  // namespace paranet::cli
