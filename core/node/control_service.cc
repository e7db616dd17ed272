#include "core/node/control_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "core/node/trust_control.h"
#include "pki/identity.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"

namespace paranet {
namespace {

// How long Enroll and Renew wait for the Network Root where the client has set no deadline.
constexpr absl::Duration kEnrolTime = absl::Seconds(30);
// How long Federate waits for the link where the client has set no deadline.
constexpr absl::Duration kFederateTime = absl::Seconds(30);
// Bytes of an archive in one message: well below gRPC's default limit of 4 MiB.
constexpr size_t kChunk = size_t{1} << 20;

}  // namespace

grpc::Status ControlService::Do(const grpc::ServerContext& context, v1::OperatorRole role,
                                absl::FunctionRef<absl::Status(const std::string& actor)> body) {
  const absl::StatusOr<std::string> actor = options_.admit(context, role);
  if (!actor.ok()) return ToGrpcStatus(actor.status());
  const AuditLog::Acting acting(node_->audit(), *actor);
  return ToGrpcStatus(body(*actor));
}

grpc::Status ControlService::GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* /*request*/,
                                       v1::GetStatusResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) {
    *response = node_->Status();
    return absl::OkStatus();
  });
}

grpc::Status ControlService::Stop(grpc::ServerContext* context, const v1::StopRequest* /*request*/,
                                  v1::StopResponse* /*response*/) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& actor) {
    node_->audit()->Note(AuditKind::kStopAsked, actor, node_->name(), "");
    node_->RequestStop();
    return absl::OkStatus();
  });
}

grpc::Status ControlService::Deploy(grpc::ServerContext* context, grpc::ServerReader<v1::DeployRequest>* reader,
                                    v1::DeployResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_DEPLOY, [&](const std::string& actor) -> absl::Status {
    std::string archive;
    v1::DeployRequest request;
    while (reader->Read(&request)) {
      if (request.chunk().size() > options_.max_archive - archive.size()) {
        return absl::ResourceExhaustedError(absl::StrCat("the package has more than ", options_.max_archive >> 20,
                                                         " MiB, the most that a node accepts"));
      }
      archive += request.chunk();
    }
    if (context->IsCancelled()) return absl::CancelledError("the client has cancelled the deployment");
    PARANET_ASSIGN_OR_RETURN(*response, node_->Deploy(std::move(archive)));
    NotePackage(AuditKind::kDeployed, actor, response->package());
    return absl::OkStatus();
  });
}

void ControlService::NotePackage(AuditKind kind, const std::string& actor, const v1::PackageInfo& package) {
  node_->audit()->Note(kind, actor, absl::StrCat(package.id(), "@", package.version()), package.digest());
}

grpc::Status ControlService::Undeploy(grpc::ServerContext* context, const v1::UndeployRequest* request,
                                      v1::UndeployResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_DEPLOY, [&](const std::string& actor) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(*response->mutable_package(), node_->Undeploy(request->id()));
    NotePackage(AuditKind::kUndeployed, actor, response->package());
    return absl::OkStatus();
  });
}

grpc::Status ControlService::RollBackPackage(grpc::ServerContext* context, const v1::RollBackPackageRequest* request,
                                             v1::DeployResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_DEPLOY, [&](const std::string& actor) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(*response, node_->RollBackPackage(request->id(), request->version()));
    NotePackage(AuditKind::kRolledBack, actor, response->package());
    return absl::OkStatus();
  });
}

grpc::Status ControlService::PullPackage(grpc::ServerContext* context, const v1::PullPackageRequest* request,
                                         grpc::ServerWriter<v1::PullPackageResponse>* writer) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(const std::string archive, node_->PullPackage(request->id(), request->version()));
    v1::PullPackageResponse response;
    for (size_t at = 0; at < archive.size(); at += kChunk) {
      response.set_chunk(archive.substr(at, kChunk));
      if (!writer->Write(response)) return absl::CancelledError("the client has gone");
    }
    return absl::OkStatus();
  });
}

grpc::Status ControlService::GetActorLog(grpc::ServerContext* context, const v1::GetActorLogRequest* request,
                                         v1::GetActorLogResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(*response, node_->GetActorLog(request->actor(), request->lines()));
    return absl::OkStatus();
  });
}

grpc::Status ControlService::ListPackages(grpc::ServerContext* context, const v1::ListPackagesRequest* /*request*/,
                                          v1::ListPackagesResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) {
    for (v1::PackageInfo& package : node_->ListPackages()) *response->add_packages() = std::move(package);
    return absl::OkStatus();
  });
}

grpc::Status ControlService::ListSkills(grpc::ServerContext* context, const v1::ListSkillsRequest* /*request*/,
                                        v1::ListSkillsResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) {
    for (v1::SkillSetEntry& entry : node_->ListSkills()) *response->add_skill_sets() = std::move(entry);
    return absl::OkStatus();
  });
}

grpc::Status ControlService::GetSkill(grpc::ServerContext* context, const v1::GetSkillRequest* request,
                                      v1::GetSkillResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(*response, node_->GetSkill(request->skill()));
    return absl::OkStatus();
  });
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
  return Do(*context, v1::OPERATOR_ROLE_FEDERATE, [&](const std::string& actor) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(FederationControl* const federation, Federation());
    const absl::Time deadline = std::min(absl::FromChrono(context->deadline()), absl::Now() + kFederateTime);
    PARANET_ASSIGN_OR_RETURN(*response->mutable_link(), federation->Federate(*request, deadline));
    node_->audit()->Note(
        AuditKind::kFederated, actor, request->peer(),
        absl::StrCat(request->mode() == v1::BIDIRECTIONAL ? "bidirectional" : "one-way", " to ", request->address()));
    return absl::OkStatus();
  });
}

grpc::Status ControlService::Defederate(grpc::ServerContext* context, const v1::DefederateRequest* request,
                                        v1::DefederateResponse* /*response*/) {
  return Do(*context, v1::OPERATOR_ROLE_FEDERATE, [&](const std::string& actor) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(FederationControl* const federation, Federation());
    PARANET_RETURN_IF_ERROR(federation->Defederate(request->peer()));
    node_->audit()->Note(AuditKind::kDefederated, actor, request->peer(), "");
    return absl::OkStatus();
  });
}

grpc::Status ControlService::ListLinks(grpc::ServerContext* context, const v1::ListLinksRequest* /*request*/,
                                       v1::ListLinksResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(FederationControl* const federation, Federation());
    for (v1::LinkInfo& link : federation->ListLinks()) *response->add_links() = std::move(link);
    return absl::OkStatus();
  });
}

absl::StatusOr<pki::NodeTrust*> ControlService::Trust() {
  if (pki::NodeTrust* trust = node_->trust()) return trust;
  return absl::FailedPreconditionError(
      absl::StrCat("\"", node_->name(), "\" is a Test Node: it trusts no Network Root and has no certificate"));
}

NodeEnrolment ControlService::Enrolment() {
  return NodeEnrolment(
      {.name = node_->name(),
       .data_dir = node_->Status().data_dir(),
       .clock = clock_.get(),
       .self = [this]() -> std::optional<pki::Identity> {
         const pki::NodeTrust* const trust = node_->trust();
         return trust == nullptr ? std::nullopt : std::optional(trust->self());
       },
       .install = [this](const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                         const v1::TrustBundle& bundle) { return node_->Promote(identity, endpoint, bundle); }});
}

grpc::Status ControlService::Enroll(grpc::ServerContext* context, const v1::NodeEnrollRequest* request,
                                    v1::NodeEnrollResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& actor) -> absl::Status {
    const absl::Time deadline = std::min(absl::FromChrono(context->deadline()), absl::Now() + kEnrolTime);
    PARANET_ASSIGN_OR_RETURN(*response, Enrolment().Enroll(*request, deadline));
    NoteEnrolled(actor, response->certificate());
    return absl::OkStatus();
  });
}

grpc::Status ControlService::PrepareRequest(grpc::ServerContext* context, const v1::PrepareRequestRequest* request,
                                            v1::PrepareRequestResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& /*actor*/) -> absl::Status {
    absl::MutexLock lock(&files_mu_);
    PARANET_ASSIGN_OR_RETURN(*response, Enrolment().PrepareRequest(*request));
    return absl::OkStatus();
  });
}

grpc::Status ControlService::InstallCertificate(grpc::ServerContext* context,
                                                const v1::InstallCertificateRequest* request,
                                                v1::NodeEnrollResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& actor) -> absl::Status {
    absl::MutexLock lock(&files_mu_);
    PARANET_ASSIGN_OR_RETURN(*response, Enrolment().Install(*request));
    NoteEnrolled(actor, response->certificate());
    return absl::OkStatus();
  });
}

void ControlService::NoteEnrolled(const std::string& actor, const v1::CertificateInfo& certificate) {
  node_->audit()->Note(
      AuditKind::kEnrolled, actor, certificate.identity(),
      absl::StrCat("serial ", certificate.serial(), ", until ",
                   absl::FormatTime(absl::RFC3339_sec, absl::FromUnixSeconds(certificate.not_after_unix()),
                                    absl::UTCTimeZone())));
}

grpc::Status ControlService::Renew(grpc::ServerContext* context, const v1::NodeRenewRequest* /*request*/,
                                   v1::NodeRenewResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_RETURN_IF_ERROR(node_->Renew(std::min(absl::FromChrono(context->deadline()), absl::Now() + kEnrolTime)));
    *response->mutable_certificate() = node_->Status().certificate();
    return absl::OkStatus();
  });
}

grpc::Status ControlService::GetTrust(grpc::ServerContext* context, const v1::GetTrustRequest* /*request*/,
                                      v1::GetTrustResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(const pki::NodeTrust* const trust, Trust());
    *response = DescribeTrust(*trust);
    return absl::OkStatus();
  });
}

grpc::Status ControlService::UpdateTrust(grpc::ServerContext* context, const v1::UpdateTrustRequest* request,
                                         v1::GetTrustResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(pki::NodeTrust* const trust, Trust());
    PARANET_RETURN_IF_ERROR(paranet::UpdateTrust(*request, trust));
    *response = DescribeTrust(*trust);
    return absl::OkStatus();
  });
}

grpc::Status ControlService::GetPolicy(grpc::ServerContext* context, const v1::GetPolicyRequest* /*request*/,
                                       v1::GetPolicyResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) {
    *response = node_->policy()->Describe();
    return absl::OkStatus();
  });
}

grpc::Status ControlService::UpdatePolicy(grpc::ServerContext* context, const v1::UpdatePolicyRequest* request,
                                          v1::GetPolicyResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_ROOT, [&](const std::string& actor) -> absl::Status {
    PARANET_RETURN_IF_ERROR(node_->policy()->Update(*request, actor));
    *response = node_->policy()->Describe();
    return absl::OkStatus();
  });
}

grpc::Status ControlService::CheckPolicy(grpc::ServerContext* context, const v1::CheckPolicyRequest* request,
                                         v1::CheckPolicyResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    std::string skill_set;
    if (!request->skill().empty()) {
      PARANET_ASSIGN_OR_RETURN(const v1::GetSkillResponse skill, node_->GetSkill(request->skill()));
      skill_set = skill.skill_set().skill_set().name();
    }
    PARANET_ASSIGN_OR_RETURN(*response, node_->policy()->Check(*request, skill_set));
    return absl::OkStatus();
  });
}

grpc::Status ControlService::ListAuditEvents(grpc::ServerContext* context, const v1::ListAuditEventsRequest* request,
                                             v1::ListAuditEventsResponse* response) {
  return Do(*context, v1::OPERATOR_ROLE_READ, [&](const std::string& /*actor*/) -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(std::vector<v1::AuditEvent> events,
                             node_->audit()->List(request->limit(), request->before_id()));
    for (v1::AuditEvent& event : events) *response->add_events() = std::move(event);
    return absl::OkStatus();
  });
}

}  // namespace paranet
