// `paranet node stop`: ends a node and waits until it has gone.
#ifndef PARANET_TOOLS_CLI_NODE_STOP_H_
#define PARANET_TOOLS_CLI_NODE_STOP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"

namespace paranet::cli {

// Returns when the process has ended and its data directory is free. DEADLINE_EXCEEDED if that takes longer than
// `limit`: the node goes on stopping.
absl::Status StopNode(const Home& home, const std::string& node, absl::Duration limit);

void AddNodeStop(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_STOP_H_
