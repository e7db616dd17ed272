// Files of certificates and the like that are named on the command line.
#ifndef PARANET_TOOLS_CLI_INPUT_FILE_H_
#define PARANET_TOOLS_CLI_INPUT_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pki/certificate.h"
#include "pki/inspect.h"
#include "pki/revocation_list.h"

namespace paranet::cli {

// The content of `path`; of standard input for `-`; of chain.pem for an identity's directory. At most
// pki::kMaxInspected. Whoever reads keys wipes it.
absl::StatusOr<std::string> ReadInput(const std::string& path);

// pki::Inspect of ReadInput, which is wiped. Errors name the file.
absl::StatusOr<std::vector<pki::Inspected>> InspectInput(const std::string& path);

// The certificates of a PEM file, in its order, or the one of a DER file.
absl::StatusOr<pki::CertificateChain> ReadCertificates(const std::string& path);

// The one revocation list of a PEM or DER file.
absl::StatusOr<pki::RevocationList> ReadRevocationList(const std::string& path);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_INPUT_FILE_H_
