// Who calls the enrolment service.
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_PEER_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_PEER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/security/auth_context.h"
#include "pki/certificate.h"
#include "pki/identity.h"

namespace paranet::pki {

struct EnrolmentPeer {
  Identity identity;
  Certificate certificate;
};

// The node at the other end of a connection that the enrolment service has accepted (enrolment_credentials.h: a
// certificate that was shown there has been verified, but none has to be). UNAUTHENTICATED without a certificate or
// once it has expired (a connection may outlive it), each with what to do; PERMISSION_DENIED if it is not a node's of
// `network`.
absl::StatusOr<EnrolmentPeer> AuthenticateNode(const grpc::AuthContext& auth_context, const std::string& network,
                                               absl::Time now);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_PEER_H_
