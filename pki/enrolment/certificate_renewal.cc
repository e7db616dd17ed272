#include "pki/enrolment/certificate_renewal.h"

#include <memory>

#include "core/base/status.h"
#include "pki/enrolment/enrolment_client.h"
#include "pki/private_key.h"

namespace paranet::pki {

absl::StatusOr<v1::TrustBundle> RenewNodeCertificate(const std::shared_ptr<NodeTrust>& trust, const Clock* clock,
                                                     absl::Time deadline, grpc::ClientContext& context) {
  const std::shared_ptr<const TrustState> state = trust->state();
  if (state->endpoint.empty()) {
    return absl::FailedPreconditionError(
        "the node was set up by files and knows no enrolment service to renew its certificate at: install another "
        "certificate, or enrol it with a join token");
  }
  PARANET_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const IssuedIdentity issued, RenewCertificate(trust, key, clock, deadline, context));
  // The roots first: the new certificate may be below a new one. Where a newer bundle has come meanwhile, this one is
  // refused, which does no harm.
  trust->AdoptBundle(issued.bundle).IgnoreError();
  PARANET_RETURN_IF_ERROR(trust->ReplaceCertificate(key, issued.identity->chain()));
  return issued.bundle;
}

}  // namespace paranet::pki
