// gRPC health checking (grpc.health.v1) from the catalogue.
#ifndef PARANET_CORE_NODE_HEALTH_SERVICE_H_
#define PARANET_CORE_NODE_HEALTH_SERVICE_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/node/visibility.h"
#include "core/skill/catalogue.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "grpcpp/support/sync_stream.h"
#include "src/proto/grpc/health/v1/health.grpc.pb.h"

namespace paranet {

// The node itself ("") is SERVING while it runs; a service is SERVING while one of its providers is available,
// NOT_SERVING while none is, and unknown (NOT_FOUND; SERVICE_UNKNOWN for Watch) if the catalogue does not have it or
// the client may not see it. Strangers get PERMISSION_DENIED. Thread-safe.
class HealthService final : public grpc::health::v1::Health::Service {
 public:
  struct Options {
    // Outlives this object.
    Catalogue* catalogue = nullptr;
    Viewer viewer;
    // Watches at a time, each of which has a thread; more get RESOURCE_EXHAUSTED.
    int limit = 16;
  };
  explicit HealthService(Options options);
  ~HealthService() override;

  // Ends every Watch with UNAVAILABLE, also later ones. Before the server is shut down.
  void Stop();

  grpc::Status Check(grpc::ServerContext* context, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override;
  grpc::Status Watch(grpc::ServerContext* context, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::ServerWriter<grpc::health::v1::HealthCheckResponse>* writer) override;

 private:
  grpc::health::v1::HealthCheckResponse::ServingStatus StatusOf(const std::string& service,
                                                                const ClientView& view) const;

  const Options options_;
  uint64_t subscription_ = 0;
  absl::Mutex mu_;
  uint64_t changes_ ABSL_GUARDED_BY(mu_) = 0;
  int watches_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_HEALTH_SERVICE_H_
