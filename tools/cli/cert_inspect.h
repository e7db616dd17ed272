// `paranet cert inspect`: what is in a file of certificates, requests, revocation lists or keys.
#ifndef PARANET_TOOLS_CLI_CERT_INSPECT_H_
#define PARANET_TOOLS_CLI_CERT_INSPECT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddCertInspect(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_CERT_INSPECT_H_
