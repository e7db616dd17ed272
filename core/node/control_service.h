// paranet.v1.Node but for Call, which call_service.h has: what an operator's tools say to the node.
#ifndef PARANET_CORE_NODE_CONTROL_SERVICE_H_
#define PARANET_CORE_NODE_CONTROL_SERVICE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "core/node/audit_log.h"
#include "core/node/federation_control.h"
#include "core/node/node_control.h"
#include "core/node/node_enrolment.h"
#include "core/package/archive.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "grpcpp/support/sync_stream.h"
#include "paranet/v1/node.grpc.pb.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// Thin: every method is one of NodeControl's, behind the question whether this client may ask for it, and recorded in
// the node's audit log where it changes something. Call is marked generic: gRPC hands it to the handler of calls that
// no service takes.
class ControlService final : public v1::Node::WithGenericMethod_Call<v1::Node::Service> {
 public:
  struct Options {
    // Outlives the server that this is registered at.
    NodeControl* node = nullptr;
    // Who asks, for the audit log, or why this client may not ask for what takes this role. Thread-safe.
    std::function<absl::StatusOr<std::string>(const grpc::ServerContext&, v1::OperatorRole)> admit;
    // In bytes.
    size_t max_archive = kMaxArchiveBytes;
  };
  explicit ControlService(Options options) : options_(std::move(options)), node_(options_.node) {}

  // With the role `read`, as all others that begin with Get or List.
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;
  // With the role `root`.
  grpc::Status Stop(grpc::ServerContext* context, const v1::StopRequest* request, v1::StopResponse* response) override;
  // With the role `deploy`, as the next two. RESOURCE_EXHAUSTED beyond `max_archive`.
  grpc::Status Deploy(grpc::ServerContext* context, grpc::ServerReader<v1::DeployRequest>* reader,
                      v1::DeployResponse* response) override;
  grpc::Status Undeploy(grpc::ServerContext* context, const v1::UndeployRequest* request,
                        v1::UndeployResponse* response) override;
  grpc::Status RollBackPackage(grpc::ServerContext* context, const v1::RollBackPackageRequest* request,
                               v1::DeployResponse* response) override;
  // With the role `read`, as the next.
  grpc::Status PullPackage(grpc::ServerContext* context, const v1::PullPackageRequest* request,
                           grpc::ServerWriter<v1::PullPackageResponse>* writer) override;
  grpc::Status GetActorLog(grpc::ServerContext* context, const v1::GetActorLogRequest* request,
                           v1::GetActorLogResponse* response) override;
  grpc::Status ListPackages(grpc::ServerContext* context, const v1::ListPackagesRequest* request,
                            v1::ListPackagesResponse* response) override;
  grpc::Status ListSkills(grpc::ServerContext* context, const v1::ListSkillsRequest* request,
                          v1::ListSkillsResponse* response) override;
  grpc::Status GetSkill(grpc::ServerContext* context, const v1::GetSkillRequest* request,
                        v1::GetSkillResponse* response) override;
  // With the role `federate`, as the next. PERMISSION_DENIED on a Test Node, as the next two.
  grpc::Status Federate(grpc::ServerContext* context, const v1::FederateRequest* request,
                        v1::FederateResponse* response) override;
  grpc::Status Defederate(grpc::ServerContext* context, const v1::DefederateRequest* request,
                          v1::DefederateResponse* response) override;
  grpc::Status ListLinks(grpc::ServerContext* context, const v1::ListLinksRequest* request,
                         v1::ListLinksResponse* response) override;
  // With the role `root`, as the next three: NodeEnrolment (node_enrolment.h) with NodeControl::Promote.
  grpc::Status Enroll(grpc::ServerContext* context, const v1::NodeEnrollRequest* request,
                      v1::NodeEnrollResponse* response) override;
  grpc::Status PrepareRequest(grpc::ServerContext* context, const v1::PrepareRequestRequest* request,
                              v1::PrepareRequestResponse* response) override;
  grpc::Status InstallCertificate(grpc::ServerContext* context, const v1::InstallCertificateRequest* request,
                                  v1::NodeEnrollResponse* response) override;
  grpc::Status Renew(grpc::ServerContext* context, const v1::NodeRenewRequest* request,
                     v1::NodeRenewResponse* response) override;
  // FAILED_PRECONDITION on a Test Node, as the next.
  grpc::Status GetTrust(grpc::ServerContext* context, const v1::GetTrustRequest* request,
                        v1::GetTrustResponse* response) override;
  // With the role `root`, as UpdatePolicy.
  grpc::Status UpdateTrust(grpc::ServerContext* context, const v1::UpdateTrustRequest* request,
                           v1::GetTrustResponse* response) override;
  grpc::Status GetPolicy(grpc::ServerContext* context, const v1::GetPolicyRequest* request,
                         v1::GetPolicyResponse* response) override;
  grpc::Status UpdatePolicy(grpc::ServerContext* context, const v1::UpdatePolicyRequest* request,
                            v1::GetPolicyResponse* response) override;
  grpc::Status CheckPolicy(grpc::ServerContext* context, const v1::CheckPolicyRequest* request,
                           v1::CheckPolicyResponse* response) override;
  grpc::Status ListAuditEvents(grpc::ServerContext* context, const v1::ListAuditEventsRequest* request,
                               v1::ListAuditEventsResponse* response) override;

 private:
  // Runs `body` for who asks, if the client has `role`.
  grpc::Status Do(const grpc::ServerContext& context, v1::OperatorRole role,
                  absl::FunctionRef<absl::Status(const std::string& actor)> body);
  NodeEnrolment Enrolment();
  void NotePackage(AuditKind kind, const std::string& actor, const v1::PackageInfo& package);
  void NoteEnrolled(const std::string& actor, const v1::CertificateInfo& certificate);
  absl::StatusOr<FederationControl*> Federation();
  absl::StatusOr<pki::NodeTrust*> Trust();

  const Options options_;
  NodeControl* const node_;
  // What is left of a connection may still ask it.
  const std::shared_ptr<const Clock> clock_ = std::make_shared<SystemClock>();
  // Held while a request is made or installed.
  absl::Mutex files_mu_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_CONTROL_SERVICE_H_
