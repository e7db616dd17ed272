// `paranet root rotate status`: how far a change of the root has come, and what it waits for.
#ifndef PARANET_TOOLS_CLI_ROOT_ROTATE_STATUS_H_
#define PARANET_TOOLS_CLI_ROOT_ROTATE_STATUS_H_

#include "absl/status/status.h"
#include "pki/root/network_root.h"
#include "tools/cli/command_tree.h"

namespace paranet::cli {

// The result of each verb of `root rotate`.
absl::Status PrintRotationStatus(Context& context, const pki::NetworkRoot& root);

void AddRootRotateStatus(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_ROTATE_STATUS_H_
