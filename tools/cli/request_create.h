// `paranet request create`: a key, and the request for a certificate for it.
#ifndef PARANET_TOOLS_CLI_REQUEST_CREATE_H_
#define PARANET_TOOLS_CLI_REQUEST_CREATE_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddRequestCreate(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_REQUEST_CREATE_H_
