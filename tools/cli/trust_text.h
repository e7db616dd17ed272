// A node's trust for the eye.
#ifndef PARANET_TOOLS_CLI_TRUST_TEXT_H_
#define PARANET_TOOLS_CLI_TRUST_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "paranet/v1/node.pb.h"

namespace paranet::cli {

// A table of the roots, one of the revocation lists. `now` decides whether one has expired.
std::string FormatTrust(const v1::GetTrustResponse& trust, absl::Time now);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_TRUST_TEXT_H_
