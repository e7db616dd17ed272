#include "tools/cli/package_rollback.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct PackageRollbackOptions {
  std::string id;
  std::string version;
  std::string node;
  RemoteNode remote;
};

}  // namespace

void AddPackageRollback(CommandTree& tree) {
  const auto options = std::make_shared<PackageRollbackOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "rollback",
      "Goes back to a version that the node had before (`package ls` lists them), as a deployment does: it runs when "
      "this returns, or nothing has changed.",
      "paranet package rollback weather --node t1\n"
      "paranet package rollback weather --version 1.0.0 --node t1",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options->node, options->remote));
        PARANET_ASSIGN_OR_RETURN(const v1::DeployResponse response,
                                 client.RollBackPackage(options->id, options->version));
        const v1::PackageInfo& package = response.package();
        context.out->Result(
            MessageToJson(response),
            FormatFields({{"package", absl::StrCat(package.id(), " ", package.version())},
                          {"node", options->node},
                          {"publisher", package.publisher().empty() ? "(unsigned)" : package.publisher()},
                          {"other versions", absl::StrJoin(package.previous(), ", ")}}));
        for (const std::string& note : response.notes()) context.out->Talk(absl::StrCat("note: ", note));
        return absl::OkStatus();
      });
  verb->add_option("package", options->id, "Id of the package")->required()->type_name("ID");
  verb->add_option("--version", options->version, "The version, in place of the highest below the present one")
      ->type_name("VERSION");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
