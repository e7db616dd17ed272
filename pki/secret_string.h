// Bytes that leave no trace.
#ifndef PARANET_PKI_SECRET_STRING_H_
#define PARANET_PKI_SECRET_STRING_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace paranet::pki {

// A fixed sequence of bytes, on pages of its own that no core dump contains (MADV_DONTDUMP), overwritten with zeros
// before they are given back. Not copyable; a moved-from one is empty.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(absl::string_view bytes);
  ~SecretString();
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;

  // Valid as long as this object lives unchanged. Whoever copies the bytes answers for the copy.
  absl::string_view view() const { return absl::string_view(data_, size_); }

 private:
  void Wipe();

  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_SECRET_STRING_H_
