#include "pki/secret_string.h"

#include <cstring>
#include <utility>

#include "openssl/mem.h"

namespace paranet::pki {

SecretString::SecretString(absl::string_view bytes) : data_(new char[bytes.size()]), size_(bytes.size()) {
  if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
}

SecretString::~SecretString() { Wipe(); }

SecretString::SecretString(SecretString&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void SecretString::Wipe() {
  // A plain memset of memory that is about to be freed would be optimised away.
  if (data_ != nullptr) OPENSSL_cleanse(data_.get(), size_);
}

}  // namespace paranet::pki
