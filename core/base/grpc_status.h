// absl::Status and grpc::Status: the same codes under two names.
#ifndef PARANET_CORE_BASE_GRPC_STATUS_H_
#define PARANET_CORE_BASE_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace paranet {

grpc::Status ToGrpcStatus(const absl::Status& status);

// A code outside of gRPC's seventeen becomes UNKNOWN.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace paranet

#endif  // PARANET_CORE_BASE_GRPC_STATUS_H_
