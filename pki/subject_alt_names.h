// The subjectAltName extension (RFC 5280 section 4.2.1.6).
#ifndef PARANET_PKI_SUBJECT_ALT_NAMES_H_
#define PARANET_PKI_SUBJECT_ALT_NAMES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "openssl/x509.h"

namespace paranet::pki {

struct SubjectAltNames {
  std::vector<std::string> dns_names;
  // `10.0.0.1`, `2001:db8::1`.
  std::vector<std::string> ip_addresses;
  std::vector<std::string> uris;
  // How many names of other kinds there are.
  size_t other_names = 0;
};

// INVALID_ARGUMENT if `extension` is not a subjectAltName in DER, has no name, an address that is neither 4 nor 16
// octets long, or a DNS name or URI that is empty or has a character outside printable ASCII (a NUL above all).
absl::StatusOr<SubjectAltNames> DecodeSubjectAltNames(const X509_EXTENSION* extension);

// The extension, not critical, with URIs, DNS names and addresses in this order. INVALID_ARGUMENT if there is no name,
// or an address is none.
absl::StatusOr<bssl::UniquePtr<X509_EXTENSION>> EncodeSubjectAltNames(const SubjectAltNames& names);

}  // namespace paranet::pki

#endif  // PARANET_PKI_SUBJECT_ALT_NAMES_H_
