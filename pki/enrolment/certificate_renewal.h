// One renewal of a node's certificate, from the key to the new identity in force.
#ifndef PARANET_PKI_ENROLMENT_CERTIFICATE_RENEWAL_H_
#define PARANET_PKI_ENROLMENT_CERTIFICATE_RENEWAL_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "grpcpp/client_context.h"
#include "paranet/v1/pki.pb.h"
#include "pki/node_trust.h"

namespace paranet::pki {

// Makes a key, has it certified at the endpoint of `trust`, adopts the bundle that comes with the certificate (unless
// it has a newer one) and replaces key and certificate together. The bundle. FAILED_PRECONDITION if there is no
// endpoint; else RenewCertificate's errors (enrolment_client.h) and NodeTrust::ReplaceCertificate's; after any the old
// certificate is in force. `context`: a new one, whose TryCancel ends the call.
absl::StatusOr<v1::TrustBundle> RenewNodeCertificate(const std::shared_ptr<NodeTrust>& trust, const Clock* clock,
                                                     absl::Time deadline, grpc::ClientContext& context);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_CERTIFICATE_RENEWAL_H_
