// ECDSA keys on P-256, the only kind there is in a network.
#ifndef PARANET_PKI_PRIVATE_KEY_H_
#define PARANET_PKI_PRIVATE_KEY_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
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

  // The same, or one encrypted block (`-----BEGIN ENCRYPTED PRIVATE KEY-----`, RFC 5958 section 3, with PBES2 of RFC
  // 8018 section 6.2). FAILED_PRECONDITION if it is encrypted and there is no passphrase, PERMISSION_DENIED if that is
  // not the one with which it was encrypted. A passphrase for a key that is not encrypted is of no consequence.
  static absl::StatusOr<PrivateKey> FromPem(absl::string_view pem, const std::optional<SecretString>& passphrase);

  // FromPem of a file (0600) in a directory (0700) that this user owns and to which nobody else has any right:
  // INVALID_ARGUMENT for any other, NOT_FOUND if there is none.
  static absl::StatusOr<PrivateKey> Load(const std::string& path);
  static absl::StatusOr<PrivateKey> Load(const std::string& path, const std::optional<SecretString>& passphrase);

  // Writes the file that Load reads, atomically, with mode 0600; encrypted if there is a passphrase.
  absl::Status Save(const std::string& path) const;
  absl::Status Save(const std::string& path, const std::optional<SecretString>& passphrase) const;

  // One encrypted block: AES-256-CBC under PBKDF2 with 1,000,000 iterations and 16 octets of salt (`openssl pkey` reads
  // it). INVALID_ARGUMENT if the passphrase is empty.
  absl::StatusOr<std::string> ToEncryptedPem(const SecretString& passphrase) const;

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
  // The same for a key that was not made here: it may be none of ours.
  static absl::StatusOr<PrivateKey> FromForeign(bssl::UniquePtr<EVP_PKEY> key);
  static absl::StatusOr<PrivateKey> LoadWith(const std::string& path,
                                             absl::FunctionRef<absl::StatusOr<PrivateKey>(absl::string_view)> parse);
  PrivateKey(bssl::UniquePtr<EVP_PKEY> key, std::string public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  SecretString Pem() const;

  bssl::UniquePtr<EVP_PKEY> key_;
  std::string public_key_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_PRIVATE_KEY_H_
