// Whatever the bytes: no crash, and what is accepted is a package that can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "core/package/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto package = paranet::ParseArchive(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!package.ok()) return 0;
  const auto bytes = paranet::SerializeArchive(*package);
  if (!bytes.ok()) std::abort();
  const auto again = paranet::ParseArchive(*bytes);
  if (!again.ok() || again->manifest_bytes != package->manifest_bytes || again->files != package->files) std::abort();
  return 0;
}
