// Custom metadata, between gRPC's form and ours.
#ifndef PARANET_CORE_RPC_METADATA_H_
#define PARANET_CORE_RPC_METADATA_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "core/skill/provider.h"
#include "grpcpp/support/string_ref.h"

namespace paranet {

// True for keys that belong to gRPC or HTTP/2 and never travel as custom metadata.
bool IsReservedMetadataKey(absl::string_view key);

// Without reserved keys.
Metadata FromGrpcMetadata(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata);

}  // namespace paranet

#endif  // PARANET_CORE_RPC_METADATA_H_
