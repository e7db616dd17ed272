#include "pki/enrolment/enrolment_peer.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pki/grpc_credentials.h"

namespace paranet::pki {

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
  if (now > certificate->not_after()) {
    return absl::UnauthenticatedError(
        absl::StrCat("the certificate of ", identity->ToUri(), " has expired at ",
                     absl::FormatTime(absl::RFC3339_sec, certificate->not_after(), absl::UTCTimeZone()),
                     ": enrol again with a new join token"));
  }
  return EnrolmentPeer{*std::move(identity), *std::move(certificate)};
}

}  // namespace paranet::pki
