// Text that is safe to show and to name files with.
#ifndef PARANET_CORE_PACKAGE_UTF8_H_
#define PARANET_CORE_PACKAGE_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace paranet {

// The length of the longest beginning of `text` that is well-formed UTF-8 (no overlong forms, no surrogates, nothing
// beyond U+10FFFF) without control characters (U+0000 to U+001F, U+007F to U+009F) but for those in `allowed`, each a
// single byte. All of `text` is sound if it is text.size().
size_t SoundUtf8Prefix(absl::string_view text, absl::string_view allowed = "");

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_UTF8_H_
