#include "tools/daemon/stopped_node.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/node/installed_kind.h"
#include "core/skill/skill_id.h"
#include "grpcpp/client_context.h"
#include "pki/certificate_info.h"
#include "pki/enrolment/certificate_renewal.h"
#include "pki/enrolment/enrolment_client.h"
#include "pki/identity.h"
#include "pki/identity_folder.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"

namespace paranet::daemon {
namespace {

// Of the certificate that is installed, whether it is valid now or not.
std::optional<pki::Identity> InstalledIdentity(const std::string& data_dir) {
  const absl::StatusOr<pki::IdentityFiles> files = pki::ReadIdentityFiles(InstalledIdentityDir(data_dir));
  if (!files.ok() || files->chain.empty()) return std::nullopt;
  const absl::StatusOr<pki::LeafNames> names = pki::NamesOf(files->chain.leaf());
  if (!names.ok()) return std::nullopt;
  return names->identity;
}

absl::Status Install(const std::string& data_dir, const Clock* clock, const Logger& logger,
                     const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                     const v1::TrustBundle& bundle) {
  const pki::NodeTrust::Options options{.dir = InstalledIdentityDir(data_dir), .clock = clock, .logger = logger};
  std::string where = endpoint.value_or("");
  if (!endpoint.has_value()) {
    // A certificate by files does not make a node forget where it was enrolled.
    const auto present = pki::NodeTrust::Open(options);
    if (present.ok()) where = (*present)->state()->endpoint;
  }
  PARANET_RETURN_IF_ERROR(pki::NodeTrust::Install(options, identity, where, bundle).status());
  return UnmarkTestNode(data_dir);
}

}  // namespace

StoppedNode::StoppedNode(std::string name, std::string data_dir, Logger logger, DirectoryLock lock)
    : name_(std::move(name)), data_dir_(std::move(data_dir)), logger_(std::move(logger)), lock_(std::move(lock)) {
  enrolment_ = std::make_unique<NodeEnrolment>(
      NodeEnrolment::Options{.name = name_,
                             .data_dir = data_dir_,
                             .clock = clock_.get(),
                             .self = [this] { return InstalledIdentity(data_dir_); },
                             .install =
                                 [this](const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                                        const v1::TrustBundle& bundle) {
                                   return Install(data_dir_, clock_.get(), logger_, identity, endpoint, bundle);
                                 }});
}

absl::StatusOr<std::unique_ptr<StoppedNode>> StoppedNode::Open(const std::string& name, const std::string& data_dir,
                                                               Logger logger) {
  PARANET_RETURN_IF_ERROR(CheckName(name, "node name"));
  PARANET_RETURN_IF_ERROR(MakeDirectories(data_dir, 0700));
  PARANET_ASSIGN_OR_RETURN(DirectoryLock lock, DirectoryLock::Acquire(data_dir));
  return std::unique_ptr<StoppedNode>(new StoppedNode(name, data_dir, std::move(logger), std::move(lock)));
}

absl::StatusOr<v1::NodeRenewResponse> StoppedNode::Renew(absl::Time deadline) {
  if (ReadInstalledKind(data_dir_) != InstalledKind::kStandard) {
    return absl::NotFoundError(absl::StrCat("node \"", name_,
                                            "\" has no certificate to renew: enrol it first (paranet ",
                                            "node enroll --name ", name_, " --token TOKEN)"));
  }
  PARANET_ASSIGN_OR_RETURN(
      const std::shared_ptr<pki::NodeTrust> trust,
      pki::NodeTrust::Open({.dir = InstalledIdentityDir(data_dir_), .clock = clock_.get(), .logger = logger_}));
  grpc::ClientContext context;
  PARANET_RETURN_IF_ERROR(pki::RenewNodeCertificate(trust, clock_.get(), deadline, context).status());
  v1::NodeRenewResponse response;
  *response.mutable_certificate() = pki::DescribeCertificate(trust->state()->identity->chain().leaf());
  return response;
}

}  // namespace paranet::daemon
