// Public keys on the curve P-256, and signatures by them: ECDSA with SHA-256 (RFC 5480, RFC 5758).
#ifndef PARANET_PKI_P256_H_
#define PARANET_PKI_P256_H_

#include "absl/strings/string_view.h"
#include "openssl/evp.h"

namespace paranet::pki {

// The key in `spki`, a DER SubjectPublicKeyInfo: id-ecPublicKey with the named curve secp256r1 and an uncompressed
// point that is on it (RFC 5480 section 2), the one encoding that such a key has here. Null for anything else.
bssl::UniquePtr<EVP_PKEY> ParseP256PublicKey(absl::string_view spki);

// AlgorithmIdentifier of ECDSA with SHA-256 in DER: without parameters (RFC 5758 section 3.2).
inline constexpr absl::string_view kEcdsaWithSha256("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12);

// Whether `signature` (DER ECDSA-Sig-Value) is the ECDSA signature of SHA-256 of `data` by the key in `spki`. False for
// any other kind of key.
[[nodiscard]] bool VerifyP256Signature(absl::string_view spki, absl::string_view data, absl::string_view signature);
// The same with a key of ParseP256PublicKey, which may be null.
[[nodiscard]] bool VerifyP256Signature(EVP_PKEY* key, absl::string_view data, absl::string_view signature);

}  // namespace paranet::pki

#endif  // PARANET_PKI_P256_H_
