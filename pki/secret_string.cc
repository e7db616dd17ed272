#include "pki/secret_string.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "openssl/mem.h"

namespace paranet::pki {

SecretString::SecretString(absl::string_view bytes) : size_(bytes.size()) {
  if (bytes.empty()) return;
  void* pages = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // As `new` would end the process without memory.
  if (pages == MAP_FAILED) std::abort();
  // A kernel that cannot do it dumps them; that is no reason to have no secrets.
  madvise(pages, size_, MADV_DONTDUMP);
  data_ = static_cast<char*>(pages);
  std::memcpy(data_, bytes.data(), size_);
}

SecretString::~SecretString() { Wipe(); }

SecretString::SecretString(SecretString&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void SecretString::Wipe() {
  if (data_ == nullptr) return;
  OPENSSL_cleanse(data_, size_);
  munmap(data_, size_);
}

}  // namespace paranet::pki
