#include "pki/private_key.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "openssl/bytestring.h"
#include "openssl/digest.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "pki/p256.h"
#include "pki/pem.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kLabel = "PRIVATE KEY";
constexpr size_t kMaxFile = size_t{64} << 10;

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

absl::Status OutOfMemory() { return absl::ResourceExhaustedError("out of memory while handling a private key"); }

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
  PARANET_ASSIGN_OR_RETURN(const std::vector<SecretString> blocks, DecodePem(pem, kLabel, 1));
  const absl::string_view der = blocks[0].view();
  CBS cbs;
  CBS_init(&cbs, Bytes(der), der.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&cbs));
  ERR_clear_error();
  if (key == nullptr || CBS_len(&cbs) != 0) {
    return absl::InvalidArgumentError("the private key is not in PKCS#8 form, or damaged");
  }
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

absl::StatusOr<PrivateKey> PrivateKey::Load(const std::string& path) {
  // First the existence: CheckPrivate is about rights.
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFile);
  if (!text.ok()) return Annotate(text.status(), "private key");
  absl::StatusOr<PrivateKey> key = [&]() -> absl::StatusOr<PrivateKey> {
    PARANET_RETURN_IF_ERROR(CheckPrivate(path));
    return FromPem(*text);
  }();
  OPENSSL_cleanse(text->data(), text->size());
  if (!key.ok()) return Annotate(key.status(), absl::StrCat("private key ", path));
  return key;
}

absl::Status PrivateKey::Save(const std::string& path) const {
  return Annotate(WriteFileAtomically(path, Pem().view(), 0600), "private key");
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
