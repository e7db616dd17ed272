#include "core/rpc/metadata.h"

#include <map>
#include <string>

#include "absl/strings/match.h"

namespace paranet {

bool IsReservedMetadataKey(absl::string_view key) {
  // grpc-status-details-bin is the one grpc- key that belongs to the application (google.rpc.Status).
  if (key == "grpc-status-details-bin") return false;
  return key.empty() || key[0] == ':' || absl::StartsWith(key, "grpc-") || key == "content-type" || key == "te" ||
         key == "user-agent" || key == "host";
}

Metadata FromGrpcMetadata(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  Metadata custom;
  for (const auto& [key, value] : metadata) {
    if (IsReservedMetadataKey(absl::string_view(key.data(), key.size()))) continue;
    custom.emplace_back(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return custom;
}

}  // namespace paranet
