// SHA-256 of bytes in memory.
#ifndef PARANET_CORE_PACKAGE_SHA256_H_
#define PARANET_CORE_PACKAGE_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace paranet {

// 32 bytes.
std::string Sha256(absl::string_view bytes);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_SHA256_H_
