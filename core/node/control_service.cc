#include "core/node/control_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/grpc_status.h"

namespace paranet {
namespace {

// How long Federate waits for the link where the client has set no deadline.
constexpr absl::Duration kFederateTime = absl::Seconds(30);

}  // namespace

grpc::Status ControlService::GetStatus(grpc::ServerContext* /*context*/, const v1::GetStatusRequest* /*request*/,
                                       v1::GetStatusResponse* response) {
  *response = node_->Status();
  return grpc::Status::OK;
}

grpc::Status ControlService::Stop(grpc::ServerContext* /*context*/, const v1::StopRequest* /*request*/,
                                  v1::StopResponse* /*response*/) {
  node_->RequestStop();
  return grpc::Status::OK;
}

grpc::Status ControlService::Deploy(grpc::ServerContext* context, grpc::ServerReader<v1::DeployRequest>* reader,
                                    v1::DeployResponse* response) {
  std::string archive;
  v1::DeployRequest request;
  while (reader->Read(&request)) {
    if (request.chunk().size() > max_archive_ - archive.size()) {
      return ToGrpcStatus(absl::ResourceExhaustedError(
          absl::StrCat("the package has more than ", max_archive_ >> 20, " MiB, the most that a node accepts")));
    }
    archive += request.chunk();
  }
  if (context->IsCancelled()) return ToGrpcStatus(absl::CancelledError("the client has cancelled the deployment"));
  absl::StatusOr<v1::DeployResponse> deployed = node_->Deploy(std::move(archive));
  if (!deployed.ok()) return ToGrpcStatus(deployed.status());
  *response = *std::move(deployed);
  return grpc::Status::OK;
}

grpc::Status ControlService::ListPackages(grpc::ServerContext* /*context*/, const v1::ListPackagesRequest* /*request*/,
                                          v1::ListPackagesResponse* response) {
  for (v1::PackageInfo& package : node_->ListPackages()) *response->add_packages() = std::move(package);
  return grpc::Status::OK;
}

grpc::Status ControlService::ListSkills(grpc::ServerContext* /*context*/, const v1::ListSkillsRequest* /*request*/,
                                        v1::ListSkillsResponse* response) {
  for (v1::SkillSetEntry& entry : node_->ListSkills()) *response->add_skill_sets() = std::move(entry);
  return grpc::Status::OK;
}

grpc::Status ControlService::GetSkill(grpc::ServerContext* /*context*/, const v1::GetSkillRequest* request,
                                      v1::GetSkillResponse* response) {
  absl::StatusOr<v1::GetSkillResponse> skill = node_->GetSkill(request->skill());
  if (!skill.ok()) return ToGrpcStatus(skill.status());
  *response = *std::move(skill);
  return grpc::Status::OK;
}

absl::StatusOr<FederationControl*> ControlService::Federation() {
  if (FederationControl* federation = node_->federation()) return federation;
  const std::string& name = node_->name();
  if (node_->Status().kind() == v1::STANDARD) {
    return absl::UnavailableError(absl::StrCat("\"", name, "\" is starting or stopping; try again"));
  }
  return absl::PermissionDeniedError(absl::StrCat(
      "\"", name, "\" is a Test Node: it has no Otonoma Certificate and never federates. Issue one with 'paranet root ",
      "issue NETWORK --role node --name ", name, " --out DIR' and start it with 'paranet node start --name ", name,
      " --identity DIR'."));
}

grpc::Status ControlService::Federate(grpc::ServerContext* context, const v1::FederateRequest* request,
                                      v1::FederateResponse* response) {
  absl::StatusOr<FederationControl*> federation = Federation();
  if (!federation.ok()) return ToGrpcStatus(federation.status());
  const absl::Time deadline = std::min(absl::FromChrono(context->deadline()), absl::Now() + kFederateTime);
  absl::StatusOr<v1::LinkInfo> link = (*federation)->Federate(*request, deadline);
  if (!link.ok()) return ToGrpcStatus(link.status());
  *response->mutable_link() = *std::move(link);
  return grpc::Status::OK;
}

grpc::Status ControlService::Defederate(grpc::ServerContext* /*context*/, const v1::DefederateRequest* request,
                                        v1::DefederateResponse* /*response*/) {
  absl::StatusOr<FederationControl*> federation = Federation();
  if (!federation.ok()) return ToGrpcStatus(federation.status());
  return ToGrpcStatus((*federation)->Defederate(request->peer()));
}

grpc::Status ControlService::ListLinks(grpc::ServerContext* /*context*/, const v1::ListLinksRequest* /*request*/,
                                       v1::ListLinksResponse* response) {
  absl::StatusOr<FederationControl*> federation = Federation();
  if (!federation.ok()) return ToGrpcStatus(federation.status());
  for (v1::LinkInfo& link : (*federation)->ListLinks()) *response->add_links() = std::move(link);
  return grpc::Status::OK;
}

}  // namespace paranet
