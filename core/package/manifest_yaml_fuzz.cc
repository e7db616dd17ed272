// Whatever the bytes: no crash, and what is accepted is valid.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "core/package/manifest_check.h"
#include "core/package/manifest_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto manifest = paranet::ParseManifestYaml(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (manifest.ok() && !paranet::CheckManifestHead(*manifest).ok()) std::abort();
  return 0;
}
