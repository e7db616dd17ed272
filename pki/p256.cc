#include "pki/p256.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "openssl/bytestring.h"
#include "openssl/digest.h"
#include "openssl/err.h"
#include "openssl/evp.h"

namespace paranet::pki {
namespace {

// SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 }, BIT STRING of a point that begins with 4 (uncompressed) }.
constexpr char kPrefix[] =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
constexpr size_t kPrefixSize = sizeof(kPrefix) - 1;
constexpr size_t kSize = kPrefixSize + 64;

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

}  // namespace

bssl::UniquePtr<EVP_PKEY> ParseP256PublicKey(absl::string_view spki) {
  if (spki.size() != kSize || !absl::StartsWith(spki, absl::string_view(kPrefix, kPrefixSize))) return nullptr;
  CBS cbs;
  CBS_init(&cbs, Bytes(spki), spki.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&cbs));
  ERR_clear_error();
  return key;
}

bool VerifyP256Signature(absl::string_view spki, absl::string_view data, absl::string_view signature) {
  return VerifyP256Signature(ParseP256PublicKey(spki).get(), data, signature);
}

bool VerifyP256Signature(EVP_PKEY* key, absl::string_view data, absl::string_view signature) {
  if (key == nullptr) return false;
  bssl::ScopedEVP_MD_CTX context;
  const bool ok = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                  EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(data), data.size()) == 1;
  ERR_clear_error();
  return ok;
}

}  // namespace paranet::pki
