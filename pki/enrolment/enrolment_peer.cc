#include "pki/enrolment/enrolment_peer.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "pki/grpc_credentials.h"

namespace paranet::pki {
namespace {

absl::Status CheckTime(const EnrolmentPeer& peer, absl::Time now) {
  const absl::Time end = peer.certificate.not_after();
  if (now <= end) return absl::OkStatus();
  return absl::UnauthenticatedError(absl::StrCat("the certificate of ", peer.identity.ToUri(), " has expired at ",
                                                 absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()),
                                                 ": enrol again with a new join token"));
}

}  // namespace

absl::StatusOr<EnrolmentPeer> AuthenticateNode(const grpc::AuthContext& auth_context, const std::string& network,
                                               absl::Time now) {
  absl::StatusOr<Certificate> certificate = PeerCertificate(auth_context);
  if (!certificate.ok()) {
    return absl::UnauthenticatedError(
        "this needs the certificate of a node of the network, and the connection has shown none: connect with one, or "
        "enrol with a join token first");
  }
  if (certificate->uris().size() != 1) {
    return absl::UnauthenticatedError("the certificate of this connection has not exactly one identity");
  }
  absl::StatusOr<Identity> identity = Identity::Parse(certificate->uris()[0]);
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  if (identity->network != network || identity->role != Role::kNode) {
    return absl::PermissionDeniedError(absl::StrCat("this is for nodes of network \"", network,
                                                    "\", and the certificate of this connection is that of ",
                                                    identity->ToUri()));
  }
  EnrolmentPeer peer{*std::move(identity), *std::move(certificate)};
  PARANET_RETURN_IF_ERROR(CheckTime(peer, now));
  return peer;
}

absl::StatusOr<std::shared_ptr<const EnrolmentPeer>> EnrolmentPeers::Authenticate(const grpc::AuthContext& auth_context,
                                                                                  absl::Time now) {
  const absl::string_view pem = PeerPem(auth_context);
  std::shared_ptr<const EnrolmentPeer> peer;
  {
    absl::MutexLock lock(&mu_);
    if (const auto found = known_.find(pem); found != known_.end()) peer = found->second;
  }
  if (peer != nullptr) {
    PARANET_RETURN_IF_ERROR(CheckTime(*peer, now));
    return peer;
  }
  PARANET_ASSIGN_OR_RETURN(EnrolmentPeer read, AuthenticateNode(auth_context, network_, now));
  peer = std::make_shared<const EnrolmentPeer>(std::move(read));
  absl::MutexLock lock(&mu_);
  if (known_.size() >= limit_) known_.clear();
  known_.insert_or_assign(std::string(pem), peer);
  return peer;
}

}  // namespace paranet::pki
