// The daemon: with no arguments, a Test Node with the example package.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/node/installed_kind.h"
#include "examples/weather/embedded.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/home.h"
#include "tools/cli/output.h"
#include "tools/cli/process.h"
#include "tools/cli/run.h"
#include "tools/daemon/daemon.h"
#include "tools/daemon/example_package.h"

namespace paranet {
namespace {

struct NodeFlags {
  std::string name = "test";
  std::string listen;
  std::string data_dir;
  std::string identity;
};

// The command line program beside this one, or how to run it from the checkout.
std::string ParanetCommand(const std::string& executable) {
  const std::string sibling = absl::StrCat(executable.substr(0, executable.rfind('/')), "/paranet");
  return access(sibling.c_str(), X_OK) == 0 ? sibling : "./bazelw run //tools:paranet --";
}

std::string DataDir(const cli::Context& context, const NodeFlags& flags) {
  return flags.data_dir.empty() ? context.home.NodeDir(flags.name) : cli::Home(flags.data_dir).path();
}

std::string WhatToTry(const cli::Context& context, const NodeFlags& flags, bool has_weather) {
  std::string paranet = ParanetCommand(context.executable);
  if (std::getenv("PARANET_HOME") != nullptr) {
    paranet = absl::StrCat("PARANET_HOME=", context.home.path(), " ", paranet);
  }
  // A node in a place of its own is found by that place.
  const std::string node = flags.data_dir.empty() ? flags.name : DataDir(context, flags);
  std::string text = absl::StrCat("\nTry, in another terminal:\n  ", paranet, " skill ls --node ", node, "\n");
  if (has_weather) {
    absl::StrAppend(&text, "  ", paranet, " call weather/current '{\"city\":\"Oslo\"}' --node ", node, "\n");
    absl::StrAppend(&text, "  ", paranet, " call weather/watch '{\"city\":\"Oslo\",\"count\":3}' --node ", node, "\n");
  }
  return absl::StrCat(text, "Ctrl-C stops it.");
}

absl::Status Started(cli::Context& context, const NodeFlags& flags, Node& node) {
  const bool test = node.federation() == nullptr;
  if (test) {
    // Deploying what is there already changes nothing.
    PARANET_ASSIGN_OR_RETURN(std::string archive, daemon::BuildExampleArchive(WeatherPackageFiles()));
    PARANET_RETURN_IF_ERROR(node.Deploy(std::move(archive)).status());
  }
  const v1::GetStatusResponse status = node.Status();
  context.out->Result(cli::JsonObject()
                          .Set("name", status.name())
                          .Set("kind", test ? "test" : "standard")
                          .Set("address", status.address())
                          .Set("socket", status.socket())
                          .Set("pid", status.pid()),
                      cli::FormatFields({{"node", status.name()},
                                         {"kind", test ? "Test Node" : "Standard Node"},
                                         {"network", status.network()},
                                         {"address", status.address()},
                                         {"socket", status.socket()}}));
  context.out->Talk(WhatToTry(context, flags, test));
  return absl::OkStatus();
}

absl::Status RunNode(cli::Context& context, const NodeFlags& flags) {
  daemon::DaemonOptions options{
      .name = flags.name, .data_dir = DataDir(context, flags), .listen = flags.listen, .identity_dir = flags.identity};
  options.test = flags.identity.empty() && ReadInstalledKind(options.data_dir) != InstalledKind::kStandard;
  options.logger = MakeStderrLogger(flags.name);
  options.started = [&](Node& node) { return Started(context, flags, node); };
  return daemon::RunDaemon(options);
}

}  // namespace
}  // namespace paranet

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto flags = std::make_shared<paranet::NodeFlags>();
  paranet::cli::CommandTree tree(
      "node",
      "Runs one node in this process until Ctrl-C or SIGTERM. With no arguments: a Test "
      "Node with the example package.",
      "node\nnode --name t1 --listen 127.0.0.1:7000\nnode --name alpha --identity alpha-identity",
      [flags](paranet::cli::Context& context) { return paranet::RunNode(context, *flags); });
  CLI::App* app = tree.root();
  app->add_option("--name", flags->name, "Its name (test)")->type_name("NAME");
  app->add_option("--listen", flags->listen, "Where it serves (where it did last, or a free port on loopback)")
      ->type_name("HOST:PORT");
  app->add_option("--data-dir", flags->data_dir, "Its state, if not $PARANET_HOME/nodes/NAME")->type_name("DIR");
  app->add_option("--identity", flags->identity,
                  "A Standard Node with key.pem, chain.pem and roots.pem of this directory, which are copied")
      ->type_name("DIR");
  return static_cast<int>(
      paranet::cli::RunCommand(tree, std::vector<std::string>(argv + 1, argv + argc), paranet::cli::StandardStreams()));
}
