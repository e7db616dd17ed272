// What is in a file of certificates, requests, revocation lists and keys: for people, who may have them from anywhere.
#ifndef PARANET_PKI_INSPECT_H_
#define PARANET_PKI_INSPECT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "paranet/v1/pki.pb.h"

namespace paranet::pki {

// One object as it says it is; nothing is verified, and what no network of ours would take is described too.
struct Inspected {
  enum class Kind { kCertificate, kRequest, kRevocationList, kPrivateKey, kEncryptedPrivateKey, kPublicKey, kOther };
  Kind kind = Kind::kOther;
  // Of the PEM block; `DER` where there is none.
  std::string label;

  // Of a certificate; of a request as far as a request says it (subject, identity, names, key).
  v1::CertificateInfo certificate;
  // Of a revocation list.
  v1::RevocationListInfo list;
  // Of a request: whether its own key has signed it.
  bool signed_by_its_key = false;
  // `ECDSA P-256`, `RSA 2048`; not of a revocation list or an encrypted key.
  std::string key;
  // SHA-256 of the DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), hexadecimal, where there is a key.
  std::string public_key_fingerprint;
  // Why a Paranet network would not take it; empty if its form is right.
  std::string note;
};

// `certificate`, `private key`.
absl::string_view InspectedKindName(Inspected::Kind kind);

// Everything in `bytes`: PEM blocks of any label (RFC 7468; text between them is ignored), or one object in DER: X.509
// certificates, PKCS#10 requests, revocation lists, PKCS#8, SEC 1 and PKCS#1 private keys, public keys, and the
// certificates of PKCS#7 files. Of private keys only what is public comes out. INVALID_ARGUMENT, saying which block and
// what is wrong, for anything else; quotes nothing.
absl::StatusOr<std::vector<Inspected>> Inspect(absl::string_view bytes);
inline constexpr size_t kMaxInspected = size_t{16} << 20;

}  // namespace paranet::pki

#endif  // PARANET_PKI_INSPECT_H_
