// `paranet package deploy`: gives an archive to a node, which runs it.
#ifndef PARANET_TOOLS_CLI_PACKAGE_DEPLOY_H_
#define PARANET_TOOLS_CLI_PACKAGE_DEPLOY_H_

#include <string>

#include "absl/status/statusor.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {

absl::StatusOr<v1::DeployResponse> DeployPackageFile(const Home& home, const std::string& file, const std::string& node,
                                                     const RemoteNode& remote = {});

void AddPackageDeploy(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PACKAGE_DEPLOY_H_
