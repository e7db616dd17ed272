#include "core/base/payload.h"

#include <string>
#include <utility>
#include <vector>

#include "grpcpp/support/slice.h"

namespace paranet {

Payload MakePayload(absl::string_view bytes) {
  grpc::Slice slice(bytes.data(), bytes.size());
  return Payload(&slice, 1);
}

Payload MakePayload(std::string&& bytes) {
  auto* owned = new std::string(std::move(bytes));
  grpc::Slice slice(
      owned->data(), owned->size(), [](void* user_data) { delete static_cast<std::string*>(user_data); }, owned);
  return Payload(&slice, 1);
}

std::string PayloadToString(const Payload& payload) {
  std::string bytes;
  std::vector<grpc::Slice> slices;
  if (!payload.Valid() || !payload.Dump(&slices).ok()) return bytes;
  bytes.reserve(payload.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace paranet
