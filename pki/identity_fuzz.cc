// Identity::Parse accepts exactly what Identity::ToUri writes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view uri(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<paranet::pki::Identity> identity = paranet::pki::Identity::Parse(uri);
  if (identity.ok() && identity->ToUri() != uri) std::abort();
  return 0;
}
