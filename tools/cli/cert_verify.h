// `paranet cert verify`: whether a certificate is to be trusted, and if not, why.
#ifndef PARANET_TOOLS_CLI_CERT_VERIFY_H_
#define PARANET_TOOLS_CLI_CERT_VERIFY_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddCertVerify(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_CERT_VERIFY_H_
