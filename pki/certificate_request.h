// PKCS#10 certification requests (RFC 2986): how a key asks for a certificate.
#ifndef PARANET_PKI_CERTIFICATE_REQUEST_H_
#define PARANET_PKI_CERTIFICATE_REQUEST_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/identity.h"
#include "pki/private_key.h"

namespace paranet::pki {

// What a leaf certificate says besides its key. For stock TLS clients a node also has host names and addresses.
struct LeafNames {
  Identity identity;
  // Lower-case host names (RFC 1123), no wildcards.
  std::vector<std::string> dns_names;
  // `10.0.0.1`, `2001:db8::1`.
  std::vector<std::string> ip_addresses;
};

// INVALID_ARGUMENT names the first name that is not as LeafNames asks, comes twice, or is one too many (32 of each).
absl::Status CheckLeafNames(const LeafNames& names);

// A request that is well-formed and whose key has signed it (proof of possession): there is no other. Immutable.
class CertificateRequest {
 public:
  // INVALID_ARGUMENT if the names are not as LeafNames asks.
  static absl::StatusOr<CertificateRequest> Create(const PrivateKey& key, const LeafNames& names);

  // INVALID_ARGUMENT for what is not one whole request in DER, of version 1, for a P-256 key, with one URI that is an
  // Identity in the requested subjectAltName, and signed by that key with SHA-256; or if it asks for an extension other
  // than subjectAltName.
  static absl::StatusOr<CertificateRequest> FromDer(absl::string_view der);
  // Exactly one `CERTIFICATE REQUEST` block.
  static absl::StatusOr<CertificateRequest> FromPem(absl::string_view pem);

  const std::string& ToDer() const { return der_; }
  std::string ToPem() const;

  const LeafNames& names() const { return names_; }
  // DER SubjectPublicKeyInfo.
  const std::string& public_key() const { return public_key_; }

 private:
  CertificateRequest(std::string der, LeafNames names, std::string public_key)
      : der_(std::move(der)), names_(std::move(names)), public_key_(std::move(public_key)) {}

  std::string der_;
  LeafNames names_;
  std::string public_key_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_CERTIFICATE_REQUEST_H_
