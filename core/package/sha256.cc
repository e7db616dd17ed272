#include "core/package/sha256.h"

#include <cstdint>

#include "openssl/sha.h"

namespace paranet {

std::string Sha256(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

}  // namespace paranet
