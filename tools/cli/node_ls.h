// `paranet node ls`: the nodes of this user on this machine.
#ifndef PARANET_TOOLS_CLI_NODE_LS_H_
#define PARANET_TOOLS_CLI_NODE_LS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"

namespace paranet::cli {

struct ListedNode {
  std::string name;
  // Of a node that answers.
  std::optional<v1::GetStatusResponse> status;
  // Why a node that runs does not answer; OK for one that is stopped.
  absl::Status error;
};

// Sorted by name.
std::vector<ListedNode> ListNodes(const Home& home);

void AddNodeLs(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_LS_H_
