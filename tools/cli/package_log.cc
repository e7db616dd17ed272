#include "tools/cli/package_log.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct PackageLogOptions {
  std::string actor;
  uint32_t lines = 0;
  std::string node;
  RemoteNode remote;
};

absl::Status PrintLog(Context& context, const PackageLogOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.node, options.remote));
  PARANET_ASSIGN_OR_RETURN(const v1::GetActorLogResponse response, client.GetActorLog(options.actor, options.lines));
  std::string text;
  for (const v1::ActorLogLine& line : response.lines()) {
    absl::StrAppend(
        &text, absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(line.at_unix_ms()), absl::UTCTimeZone()),
        " ", line.level(), " ", line.text(), "\n");
  }
  if (text.empty()) text = absl::StrCat(response.actor(), " has written nothing\n");
  context.out->Result(MessageToJson(response), text);
  if (response.dropped() > 0 && options.lines == 0) {
    context.out->Talk(absl::StrCat("note: ", response.dropped(), " lines before these are not kept"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddPackageLog(CommandTree& tree) {
  const auto options = std::make_shared<PackageLogOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("package", "Actor packages"), "log",
                             "Prints the last lines that an actor of a package has logged or printed.",
                             "paranet package log weather --node t1\n"
                             "paranet package log weather@1.0.0 --lines 20 --node t1",
                             [options](Context& context) { return PrintLog(context, *options); });
  verb->add_option("actor", options->actor, "The actor, with or without its version")->required()->type_name("ACTOR");
  verb->add_option("--lines", options->lines, "How many at most (all that the node has kept)")->type_name("NUMBER");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
