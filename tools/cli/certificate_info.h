// What a certificate says, for people. Says nothing about trust.
#ifndef PARANET_TOOLS_CLI_CERTIFICATE_INFO_H_
#define PARANET_TOOLS_CLI_CERTIFICATE_INFO_H_

#include <string>

#include "absl/time/time.h"
#include "paranet/v1/pki.pb.h"

namespace paranet::cli {

// One field a line. `now` decides between `expires in` and `expired`.
std::string FormatCertificate(const v1::CertificateInfo& info, absl::Time now);

// `2026-01-31T12:00:00Z`.
std::string FormatUtc(absl::Time time);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_CERTIFICATE_INFO_H_
