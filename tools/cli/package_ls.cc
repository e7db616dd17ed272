#include "tools/cli/package_ls.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

absl::Status PrintPackages(Context& context, const std::string& node, const RemoteNode& remote) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, node, remote));
  PARANET_ASSIGN_OR_RETURN(const v1::ListPackagesResponse response, client.ListPackages());
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::string>> actors;
  for (const v1::PackageInfo& package : response.packages()) {
    rows.push_back({package.id(), package.version(), EnumWord(v1::PackageInfo::State_descriptor(), package.state()),
                    package.publisher().empty() ? "(unsigned)" : package.publisher(),
                    absl::StrJoin(package.skill_sets(), ", "), absl::StrJoin(package.previous(), ", "),
                    package.error()});
    for (const v1::ActorInfo& actor : package.running()) {
      actors.push_back({actor.name(), EnumWord(v1::ActorInfo::State_descriptor(), actor.state()), actor.code(),
                        EnumWord(v1::ActorManifest::Isolation_descriptor(), actor.isolation()),
                        actor.pid() == 0 ? "" : absl::StrCat(actor.pid()), absl::StrCat(actor.restarts()),
                        absl::StrCat(actor.outstanding()), actor.last_error()});
    }
  }
  std::string text = FormatTable({"package", "version", "state", "publisher", "skill sets", "kept", ""}, rows,
                                 "no packages on " + node);
  if (!actors.empty()) {
    absl::StrAppend(&text, "\n",
                    FormatTable({"actor", "state", "code", "isolation", "pid", "restarts", "calls", ""}, actors, ""));
  }
  context.out->Result(MessageToJson(response), text);
  return absl::OkStatus();
}

}  // namespace

void AddPackageLs(CommandTree& tree) {
  const auto node = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb = tree.Verb(tree.Noun("package", "Actor packages"), "ls",
                             "Lists the packages on a node, and their actors.", "paranet package ls --node t1",
                             [node, remote](Context& context) { return PrintPackages(context, *node, *remote); });
  verb->add_option("--node", *node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
