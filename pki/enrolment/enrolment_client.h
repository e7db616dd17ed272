// A node's side of the enrolment service: certificates, and the network's trust bundle as it changes.
//
// Errors that a node's operator can do something about, each with its own sentence: the service is out of reach
// (UNAVAILABLE, with the address), does not answer in time (DEADLINE_EXCEEDED), is not that of the network or below the
// root that is trusted or pinned (PERMISSION_DENIED), this machine's clock is off (the same, with the time that it
// shows); all else is what the service itself has answered (enrolment_service.h).
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_CLIENT_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "grpcpp/client_context.h"
#include "paranet/v1/pki.pb.h"
#include "pki/certificate_request.h"
#include "pki/join_token.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"
#include "pki/private_key.h"

namespace paranet::pki {

// What a Network Root has issued. Checked: the certificate is for the key and the names asked for, and verifies now
// below one of the roots that came with it.
struct IssuedIdentity {
  std::unique_ptr<NodeIdentity> identity;
  v1::TrustBundle bundle;
};

// A certificate against a join token. The service is known by the root's fingerprint in the token, and the roots that
// it hands out contain that one. PERMISSION_DENIED without a connection if the token is not for `names`. `clock` is
// used until this returns.
absl::StatusOr<IssuedIdentity> EnrollWithToken(const JoinToken& token, const PrivateKey& key, const LeafNames& names,
                                               const Clock* clock, absl::Time deadline);

// A new certificate for the node's own identity, with its names, for the fresh key `key`. The service is at the
// endpoint of `trust` and known by the roots there. `context`: a new one, whose TryCancel ends the call.
absl::StatusOr<IssuedIdentity> RenewCertificate(const std::shared_ptr<NodeTrust>& trust, const PrivateKey& key,
                                                const Clock* clock, absl::Time deadline, grpc::ClientContext& context);

// The names that a certificate has; INVALID_ARGUMENT if it has no identity.
absl::StatusOr<LeafNames> NamesOf(const Certificate& leaf);

// A stream of trust bundles. Not thread-safe but for Cancel.
class TrustWatch {
 public:
  // From the endpoint of `trust`. Says that the node acts by the revision there. `clock` outlives the object.
  static absl::StatusOr<std::unique_ptr<TrustWatch>> Open(const std::shared_ptr<NodeTrust>& trust, const Clock* clock);
  virtual ~TrustWatch() = default;

  // The next bundle: blocks until there is one. An error ends the stream: CANCELLED after Cancel.
  virtual absl::StatusOr<v1::TrustBundle> Next() = 0;
  // The node acts by this revision. A stream that has ended says so in Next.
  virtual void Acknowledge(uint64_t revision) = 0;
  virtual void Cancel() = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_CLIENT_H_
