#include "tools/cli/node_run.h"

#include <memory>

#include "core/base/log.h"
#include "core/base/status.h"
#include "tools/daemon/daemon.h"
#include "tools/daemon/readiness.h"

namespace paranet::cli {
namespace {

absl::Status RunNode(daemon::DaemonOptions& options) {
  bool reported = false;
  options.logger = MakeStderrLogger(options.name);
  options.started = [&](Node& node) {
    options.logger->info("serves on {}", node.address());
    reported = true;
    daemon::ReportReadiness(daemon::kReadinessFd, absl::OkStatus());
    return absl::OkStatus();
  };
  absl::Status status = daemon::RunDaemon(options);
  if (!reported) daemon::ReportReadiness(daemon::kReadinessFd, status);
  return status;
}

}  // namespace

void AddNodeRun(CommandTree& tree) {
  const auto options = std::make_shared<daemon::DaemonOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("node", "Nodes on this machine"), "run", "What `node start` starts.", "",
                             [options](Context&) { return RunNode(*options); });
  verb->group("");
  verb->add_option("--name", options->name)->required();
  verb->add_option("--data-dir", options->data_dir)->required();
  verb->add_option("--listen", options->listen);
  verb->add_flag("--test", options->test);
  verb->add_option("--identity", options->identity_dir);
  verb->add_option("--actors", options->actors_file);
}

}  // namespace paranet::cli
