// ECDSA keys on P-256, the only kind there is in a network.
#ifndef PARANET_PKI_PRIVATE_KEY_H_
#define PARANET_PKI_PRIVATE_KEY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "openssl/evp.h"
#include "pki/secret_string.h"

namespace paranet::pki {

class SecretAccess;

// A private key. Immutable and thread-safe; copies share the key, and its bytes are overwritten when the last one goes.
// They are never part of an error or a log line, and can be read only with a SecretAccess (secret_access.h).
class PrivateKey {
 public:
  static absl::StatusOr<PrivateKey> Generate();

  // Exactly one PKCS#8 block (`-----BEGIN PRIVATE KEY-----`, RFC 5958), not encrypted, of a P-256 key.
  // INVALID_ARGUMENT says what else it is, and nothing of its content.
  static absl::StatusOr<PrivateKey> FromPem(absl::string_view pem);

  // FromPem of a file that this user owns and nobody else has any right to: INVALID_ARGUMENT for any other.
  static absl::StatusOr<PrivateKey> Load(const std::string& path);

  // Writes the file that Load reads, atomically, with mode 0600.
  absl::Status Save(const std::string& path) const;

  // The ECDSA signature (DER, RFC 3279 section 2.2.3) of SHA-256 of `data`.
  absl::StatusOr<std::string> Sign(absl::string_view data) const;

  // DER SubjectPublicKeyInfo (RFC 5480): what Certificate::public_key() of its certificate returns.
  const std::string& public_key() const { return public_key_; }

  SecretString ToPem(const SecretAccess& access) const;
  // Of BoringSSL; belongs to this object and is not to be changed.
  EVP_PKEY* Native(const SecretAccess& access) const;

  PrivateKey(const PrivateKey& other);
  PrivateKey& operator=(const PrivateKey& other);
  PrivateKey(PrivateKey&&) noexcept = default;
  PrivateKey& operator=(PrivateKey&&) noexcept = default;
  ~PrivateKey() = default;

 private:
  static absl::StatusOr<PrivateKey> FromNative(bssl::UniquePtr<EVP_PKEY> key);
  PrivateKey(bssl::UniquePtr<EVP_PKEY> key, std::string public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  SecretString Pem() const;

  bssl::UniquePtr<EVP_PKEY> key_;
  std::string public_key_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_PRIVATE_KEY_H_
