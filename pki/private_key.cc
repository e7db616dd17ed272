#include "pki/private_key.h"

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "openssl/bytestring.h"
#include "openssl/cipher.h"
#include "openssl/digest.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/pkcs8.h"
#include "openssl/rand.h"
#include "pki/p256.h"
#include "pki/pem.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kLabel = "PRIVATE KEY";
constexpr absl::string_view kEncryptedLabel = "ENCRYPTED PRIVATE KEY";
constexpr size_t kMaxFile = size_t{64} << 10;
// About half a second. The function is PBKDF2 with HMAC-SHA-1, the only one that BoringSSL writes.
constexpr int kIterations = 1'000'000;
constexpr size_t kSalt = 16;

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

absl::Status OutOfMemory() { return absl::ResourceExhaustedError("out of memory while handling a private key"); }

absl::Status Malformed() { return absl::InvalidArgumentError("the private key is not in PKCS#8 form, or damaged"); }

bool IsEncrypted(absl::string_view pem) {
  return absl::StrContains(pem, absl::StrCat("-----BEGIN ", kEncryptedLabel, "-----"));
}

// That `der` is an EncryptedPrivateKeyInfo (RFC 5958 section 3) from end to end: then only the passphrase can be wrong.
bool IsEncryptedKeyInfo(absl::string_view der) {
  CBS cbs;
  CBS info;
  CBS algorithm;
  CBS data;
  CBS_init(&cbs, Bytes(der), der.size());
  return CBS_get_asn1(&cbs, &info, CBS_ASN1_SEQUENCE) && CBS_len(&cbs) == 0 &&
         CBS_get_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) && CBS_get_asn1(&info, &data, CBS_ASN1_OCTETSTRING) &&
         CBS_len(&info) == 0 && CBS_len(&data) > 0;
}

absl::StatusOr<bssl::UniquePtr<EVP_PKEY>> Decrypt(absl::string_view pem, const SecretString& passphrase) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SecretString> blocks, DecodePem(pem, kEncryptedLabel, 1));
  const absl::string_view der = blocks[0].view();
  if (!IsEncryptedKeyInfo(der)) return Malformed();
  CBS cbs;
  CBS_init(&cbs, Bytes(der), der.size());
  bssl::UniquePtr<EVP_PKEY> key(
      PKCS8_parse_encrypted_private_key(&cbs, passphrase.view().data(), passphrase.view().size()));
  const uint32_t error = ERR_peek_last_error();
  ERR_clear_error();
  if (key != nullptr) return key;
  if (ERR_GET_LIB(error) == ERR_LIB_PKCS8 &&
      (ERR_GET_REASON(error) == PKCS8_R_UNKNOWN_ALGORITHM || ERR_GET_REASON(error) == PKCS8_R_UNSUPPORTED_CIPHER ||
       ERR_GET_REASON(error) == PKCS8_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION ||
       ERR_GET_REASON(error) == PKCS8_R_UNSUPPORTED_PRF)) {
    return absl::InvalidArgumentError(
        "the private key is encrypted in a way that is not known here: encrypt it with AES-256-CBC (openssl pkcs8 "
        "-topk8 -v2 aes-256-cbc)");
  }
  return absl::PermissionDeniedError("the passphrase is not the one with which the private key was encrypted");
}

}  // namespace

absl::StatusOr<PrivateKey> PrivateKey::FromNative(bssl::UniquePtr<EVP_PKEY> key) {
  bssl::ScopedCBB cbb;
  uint8_t* der = nullptr;
  size_t size = 0;
  if (!CBB_init(cbb.get(), 128) || !EVP_marshal_public_key(cbb.get(), key.get()) ||
      !CBB_finish(cbb.get(), &der, &size)) {
    ERR_clear_error();
    return OutOfMemory();
  }
  const bssl::UniquePtr<uint8_t> owner(der);
  std::string public_key(reinterpret_cast<const char*>(der), size);
  if (ParseP256PublicKey(public_key) == nullptr) {
    return absl::InvalidArgumentError("the private key is not one on the curve P-256: make a new one");
  }
  return PrivateKey(std::move(key), std::move(public_key));
}

absl::StatusOr<PrivateKey> PrivateKey::Generate() {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (ec == nullptr || key == nullptr || !EC_KEY_generate_key(ec.get()) || !EVP_PKEY_set1_EC_KEY(key.get(), ec.get())) {
    ERR_clear_error();
    return OutOfMemory();
  }
  return FromNative(std::move(key));
}

absl::StatusOr<PrivateKey> PrivateKey::FromPem(absl::string_view pem) {
  if (IsEncrypted(pem)) {
    return absl::InvalidArgumentError("the private key is encrypted: give it without encryption");
  }
  PARANET_ASSIGN_OR_RETURN(const std::vector<SecretString> blocks, DecodePem(pem, kLabel, 1));
  const absl::string_view der = blocks[0].view();
  CBS cbs;
  CBS_init(&cbs, Bytes(der), der.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&cbs));
  ERR_clear_error();
  if (key == nullptr || CBS_len(&cbs) != 0) return Malformed();
  return FromForeign(std::move(key));
}

absl::StatusOr<PrivateKey> PrivateKey::FromPem(absl::string_view pem, const std::optional<SecretString>& passphrase) {
  if (!IsEncrypted(pem)) return FromPem(pem);
  if (!passphrase.has_value()) {
    return absl::FailedPreconditionError("the private key is encrypted: give its passphrase");
  }
  PARANET_ASSIGN_OR_RETURN(bssl::UniquePtr<EVP_PKEY> key, Decrypt(pem, *passphrase));
  return FromForeign(std::move(key));
}

absl::StatusOr<PrivateKey> PrivateKey::FromForeign(bssl::UniquePtr<EVP_PKEY> key) {
  const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key.get());
  if (ec == nullptr || EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) != NID_X9_62_prime256v1) {
    return absl::InvalidArgumentError("the private key is not one on the curve P-256: make a new one");
  }
  // PKCS#8 carries the public key too; a file in which the two differ would sign what nobody can verify.
  if (!EC_KEY_check_key(ec)) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the private key and the public key beside it do not belong together");
  }
  return FromNative(std::move(key));
}

absl::StatusOr<PrivateKey> PrivateKey::LoadWith(
    const std::string& path, absl::FunctionRef<absl::StatusOr<PrivateKey>(absl::string_view)> parse) {
  // First the existence: CheckPrivate is about rights.
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFile);
  if (!text.ok()) return Annotate(text.status(), "private key");
  absl::StatusOr<PrivateKey> key = [&]() -> absl::StatusOr<PrivateKey> {
    PARANET_RETURN_IF_ERROR(CheckPrivate(path));
    const std::string parent = std::filesystem::path(path).parent_path().string();
    PARANET_RETURN_IF_ERROR(CheckPrivate(parent.empty() ? "." : parent));
    return parse(*text);
  }();
  OPENSSL_cleanse(text->data(), text->size());
  if (!key.ok()) return Annotate(key.status(), absl::StrCat("private key ", path));
  return key;
}

absl::StatusOr<PrivateKey> PrivateKey::Load(const std::string& path) {
  return LoadWith(path, [](absl::string_view pem) { return FromPem(pem); });
}

absl::StatusOr<PrivateKey> PrivateKey::Load(const std::string& path, const std::optional<SecretString>& passphrase) {
  return LoadWith(path, [&passphrase](absl::string_view pem) { return FromPem(pem, passphrase); });
}

absl::Status PrivateKey::Save(const std::string& path) const {
  return Annotate(WriteFileAtomically(path, Pem().view(), 0600), "private key");
}

absl::Status PrivateKey::Save(const std::string& path, const std::optional<SecretString>& passphrase) const {
  if (!passphrase.has_value()) return Save(path);
  PARANET_ASSIGN_OR_RETURN(const std::string pem, ToEncryptedPem(*passphrase));
  return Annotate(WriteFileAtomically(path, pem, 0600), "private key");
}

absl::StatusOr<std::string> PrivateKey::ToEncryptedPem(const SecretString& passphrase) const {
  const absl::string_view bytes = passphrase.view();
  if (bytes.empty()) return absl::InvalidArgumentError("the passphrase of a private key is empty: give one");
  uint8_t salt[kSalt];
  RAND_bytes(salt, sizeof(salt));
  bssl::ScopedCBB cbb;
  uint8_t* der = nullptr;
  size_t size = 0;
  // -1: PBES2.
  if (!CBB_init(cbb.get(), 512) ||
      !PKCS8_marshal_encrypted_private_key(cbb.get(), -1, EVP_aes_256_cbc(), bytes.data(), bytes.size(), salt,
                                           sizeof(salt), kIterations, key_.get()) ||
      !CBB_finish(cbb.get(), &der, &size)) {
    ERR_clear_error();
    return OutOfMemory();
  }
  const bssl::UniquePtr<uint8_t> owner(der);
  return std::string(EncodePem(kEncryptedLabel, absl::string_view(reinterpret_cast<const char*>(der), size)).view());
}

absl::StatusOr<std::string> PrivateKey::Sign(absl::string_view data) const {
  bssl::ScopedEVP_MD_CTX context;
  std::string signature(static_cast<size_t>(EVP_PKEY_size(key_.get())), '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size, Bytes(data), data.size()) !=
          1) {
    ERR_clear_error();
    return OutOfMemory();
  }
  signature.resize(size);
  return signature;
}

SecretString PrivateKey::Pem() const {
  bssl::ScopedCBB cbb;
  uint8_t* der = nullptr;
  size_t size = 0;
  if (!CBB_init(cbb.get(), 256) || !EVP_marshal_private_key(cbb.get(), key_.get()) ||
      !CBB_finish(cbb.get(), &der, &size)) {
    ERR_clear_error();
    return SecretString();
  }
  // BoringSSL overwrites all that it frees.
  const bssl::UniquePtr<uint8_t> owner(der);
  return EncodePem(kLabel, absl::string_view(reinterpret_cast<const char*>(der), size));
}

SecretString PrivateKey::ToPem(const SecretAccess& /*access*/) const { return Pem(); }

EVP_PKEY* PrivateKey::Native(const SecretAccess& /*access*/) const { return key_.get(); }

PrivateKey::PrivateKey(const PrivateKey& other) : key_(bssl::UpRef(other.key_)), public_key_(other.public_key_) {}

PrivateKey& PrivateKey::operator=(const PrivateKey& other) {
  if (this == &other) return *this;
  key_ = bssl::UpRef(other.key_);
  public_key_ = other.public_key_;
  return *this;
}

}  // namespace paranet::pki
