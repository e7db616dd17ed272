// paranet.v1.Node but for Call, which call_service.h has: what an operator's tools say to the node.
#ifndef PARANET_CORE_NODE_CONTROL_SERVICE_H_
#define PARANET_CORE_NODE_CONTROL_SERVICE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "core/node/federation_control.h"
#include "core/node/node_control.h"
#include "core/package/archive.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "grpcpp/support/sync_stream.h"
#include "paranet/v1/node.grpc.pb.h"

namespace paranet {

// Thin: every method is one of NodeControl's. Trusts its caller, so it is served on the control socket alone. Call is
// marked generic: gRPC hands it to the handler of calls that no service takes.
class ControlService final : public v1::Node::WithGenericMethod_Call<v1::Node::Service> {
 public:
  // `node` outlives the server that this is registered at; `max_archive` is in bytes.
  explicit ControlService(NodeControl* node, size_t max_archive = kMaxArchiveBytes)
      : node_(node), max_archive_(max_archive) {}

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;
  grpc::Status Stop(grpc::ServerContext* context, const v1::StopRequest* request, v1::StopResponse* response) override;
  // RESOURCE_EXHAUSTED beyond `max_archive`.
  grpc::Status Deploy(grpc::ServerContext* context, grpc::ServerReader<v1::DeployRequest>* reader,
                      v1::DeployResponse* response) override;
  grpc::Status ListPackages(grpc::ServerContext* context, const v1::ListPackagesRequest* request,
                            v1::ListPackagesResponse* response) override;
  grpc::Status ListSkills(grpc::ServerContext* context, const v1::ListSkillsRequest* request,
                          v1::ListSkillsResponse* response) override;
  grpc::Status GetSkill(grpc::ServerContext* context, const v1::GetSkillRequest* request,
                        v1::GetSkillResponse* response) override;
  // PERMISSION_DENIED on a Test Node, as the next two.
  grpc::Status Federate(grpc::ServerContext* context, const v1::FederateRequest* request,
                        v1::FederateResponse* response) override;
  grpc::Status Defederate(grpc::ServerContext* context, const v1::DefederateRequest* request,
                          v1::DefederateResponse* response) override;
  grpc::Status ListLinks(grpc::ServerContext* context, const v1::ListLinksRequest* request,
                         v1::ListLinksResponse* response) override;

 private:
  absl::StatusOr<FederationControl*> Federation();

  NodeControl* const node_;
  const size_t max_archive_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_CONTROL_SERVICE_H_
