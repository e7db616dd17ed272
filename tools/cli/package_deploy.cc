#include "tools/cli/package_deploy.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct PackageDeployOptions {
  std::string file;
  std::string node;
  RemoteNode remote;
};

}  // namespace

absl::StatusOr<v1::DeployResponse> DeployPackageFile(const Home& home, const std::string& file, const std::string& node,
                                                     const RemoteNode& remote) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(home, node, remote));
  PARANET_ASSIGN_OR_RETURN(const std::string archive, ReadFile(file, kMaxArchiveBytes));
  return client.Deploy(archive);
}

void AddPackageDeploy(CommandTree& tree) {
  const auto options = std::make_shared<PackageDeployOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "deploy",
      "Deploys an archive on a node. Its skills can be called when this returns, or nothing has changed.",
      "paranet package deploy weather-1.0.0.paranet --node t1\n"
      "paranet package deploy weather-1.0.0.paranet --node alpha --address 10.0.0.1:7000 --identity alice",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const v1::DeployResponse response,
                                 DeployPackageFile(context.home, options->file, options->node, options->remote));
        const v1::PackageInfo& package = response.package();
        context.out->Result(
            MessageToJson(response),
            FormatFields({{"package", absl::StrCat(package.id(), " ", package.version())},
                          {"node", options->node},
                          {"publisher", package.publisher().empty() ? "(unsigned)" : package.publisher()},
                          {"skill sets", absl::StrJoin(package.skill_sets(), ", ")}}));
        for (const std::string& note : response.notes()) context.out->Talk(absl::StrCat("note: ", note));
        return absl::OkStatus();
      });
  verb->add_option("file", options->file, "The archive")->required()->type_name("FILE");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
