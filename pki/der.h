// The distinguished encoding rules of ASN.1 (X.690), as strict as they are written.
#ifndef PARANET_PKI_DER_H_
#define PARANET_PKI_DER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "openssl/base.h"

namespace paranet::pki {

// Whether `bytes` are exactly one element in DER down to its leaves: definite lengths of the fewest octets, no
// constructed strings, at most 32 levels. BoringSSL's X.509 parser alone would let BER pass.
bool IsDer(absl::string_view bytes);

// `name` as it was parsed, or as DER if it was built. Empty if memory ran out.
std::string NameToDer(X509_NAME* name);
// `name` for people, by RFC 2253: `CN=alpha,O=acme`.
std::string NameToText(X509_NAME* name);

}  // namespace paranet::pki

#endif  // PARANET_PKI_DER_H_
