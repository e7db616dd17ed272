// `paranet federate`: links two nodes.
#ifndef PARANET_TOOLS_CLI_FEDERATE_H_
#define PARANET_TOOLS_CLI_FEDERATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {

struct FederateOptions {
  // The node that dials and imports.
  std::string from;
  // The node that serves and exports: NAME of this machine, or NAME@HOST:PORT.
  std::string to;
  bool bidirectional = false;
  // How to reach `from`, if not on this machine.
  RemoteNode remote;
};

// Returns when the link is up. PERMISSION_DENIED, saying what to do, if one of the two is a Test Node or refuses.
absl::StatusOr<v1::LinkInfo> FederateNodes(const Home& home, const FederateOptions& options);

void AddFederate(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_FEDERATE_H_
