// `paranet node start`: starts a node as a process of its own, and `node run`, what that process runs.
#ifndef PARANET_TOOLS_CLI_NODE_START_H_
#define PARANET_TOOLS_CLI_NODE_START_H_

#include <string>

#include "absl/status/statusor.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"

namespace paranet::cli {

struct NodeStartOptions {
  std::string name;
  bool test = false;
  // Directory with key.pem, chain.pem and roots.pem.
  std::string identity;
  // File with the operator's settings for actors; empty: those that the node has.
  std::string actors;
  // HOST:PORT; empty: where it listened last, or a free port on loopback.
  std::string listen;
  // Runs in this process until it is stopped.
  bool foreground = false;
  // Whether the node is killed when this thread ends.
  bool dies_with_parent = false;
};

// Returns once the node serves. Where it fails, a data directory that was not there before is not there afterwards.
absl::StatusOr<v1::GetStatusResponse> StartNode(const Context& context, const NodeStartOptions& options);

void AddNodeStart(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_START_H_
