// `paranet cert fingerprint`: what a certificate and its key are recognised by.
#ifndef PARANET_TOOLS_CLI_CERT_FINGERPRINT_H_
#define PARANET_TOOLS_CLI_CERT_FINGERPRINT_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddCertFingerprint(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_CERT_FINGERPRINT_H_
