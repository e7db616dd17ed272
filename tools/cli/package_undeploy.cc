#include "tools/cli/package_undeploy.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct PackageUndeployOptions {
  std::string id;
  std::string node;
  RemoteNode remote;
};

}  // namespace

void AddPackageUndeploy(CommandTree& tree) {
  const auto options = std::make_shared<PackageUndeployOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "undeploy",
      "Takes a package off a node, with the former versions that it kept. Running calls come to their end first.",
      "paranet package undeploy weather --node t1", [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options->node, options->remote));
        PARANET_ASSIGN_OR_RETURN(const v1::UndeployResponse response, client.Undeploy(options->id));
        const v1::PackageInfo& package = response.package();
        context.out->Result(MessageToJson(response), absl::StrCat(package.id(), " ", package.version(),
                                                                  " is no longer on ", options->node, "\n"));
        return absl::OkStatus();
      });
  verb->add_option("package", options->id, "Id of the package")->required()->type_name("ID");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
