// `paranet cert inspect`: what certificates in a file say.
#ifndef PARANET_TOOLS_CLI_CERT_INSPECT_H_
#define PARANET_TOOLS_CLI_CERT_INSPECT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "paranet/v1/pki.pb.h"
#include "tools/cli/command_tree.h"

namespace paranet::cli {

// The certificates of a PEM file, in its order, or the one of a DER file. For an identity's directory: its chain.pem.
absl::StatusOr<std::vector<v1::CertificateInfo>> InspectCertificates(const std::string& path);

void AddCertInspect(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_CERT_INSPECT_H_
