// gRPC server reflection (grpc.reflection.v1alpha) from the catalogue: what grpcurl, Postman and the like ask.
#ifndef PARANET_CORE_NODE_REFLECTION_SERVICE_H_
#define PARANET_CORE_NODE_REFLECTION_SERVICE_H_

#include <atomic>
#include <string>
#include <vector>

#include "core/node/visibility.h"
#include "core/skill/catalogue.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "grpcpp/support/sync_stream.h"
#include "src/proto/grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace paranet {

// Knows skill sets of this node's actors and of its peers alike, and the node's own services. Each stream sees each
// change of the catalogue.
class ReflectionService final : public grpc::reflection::v1alpha::ServerReflection::Service {
 public:
  struct Options {
    // Outlives the server that this is registered at.
    const Catalogue* catalogue = nullptr;
    // Full names of the node's own services on the same listener; those that are not in the program are left out.
    std::vector<std::string> own_services;
    // Strangers get PERMISSION_DENIED.
    Viewer viewer;
    // Streams at a time, each of which has a thread; more get RESOURCE_EXHAUSTED.
    int limit = 16;
  };
  explicit ReflectionService(Options options);

  grpc::Status ServerReflectionInfo(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<grpc::reflection::v1alpha::ServerReflectionResponse,
                               grpc::reflection::v1alpha::ServerReflectionRequest>* stream) override;

 private:
  const Options options_;
  std::vector<const google::protobuf::ServiceDescriptor*> own_;
  std::atomic<int> streams_ = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_REFLECTION_SERVICE_H_
