// gRPC credentials of the enrolment service (paranet.v1.NetworkRoot) and its clients: TLS 1.3.
//
// The server shows a certificate of role root and, so that a client can know its root by nothing but the fingerprint,
// sends the chain with the root certificate at its end.
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_CREDENTIALS_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_CREDENTIALS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "pki/certificate.h"
#include "pki/node_trust.h"
#include "pki/private_key.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// What the enrolment service holds and believes at one moment.
struct EnrolmentMaterial {
  // Of a certificate of role root; the chain without the root, as everywhere.
  PrivateKey key;
  CertificateChain chain;
  // The one that the chain is below.
  Certificate root;
  // Clients are verified by these.
  std::shared_ptr<const TrustStore> trust;
  std::shared_ptr<const RevocationLists> revocations;
};

// The same over time: each handshake goes by what is there then. Thread-safe.
class EnrolmentIdentity {
 public:
  explicit EnrolmentIdentity(EnrolmentMaterial material);
  void Replace(EnrolmentMaterial material);
  std::shared_ptr<const EnrolmentMaterial> present() const;

  // For credentials: `changed` runs inside Replace; Unsubscribe waits for a run under way.
  uint64_t Subscribe(std::function<void()> changed);
  void Unsubscribe(uint64_t id);

 private:
  mutable absl::Mutex mu_;
  std::shared_ptr<const EnrolmentMaterial> material_ ABSL_GUARDED_BY(mu_);
  absl::Mutex subscribers_mu_;
  uint64_t last_subscriber_ ABSL_GUARDED_BY(subscribers_mu_) = 0;
  std::map<uint64_t, std::function<void()>> subscribers_ ABSL_GUARDED_BY(subscribers_mu_);
};

// Accepts clients without a certificate, and those that show a good one of a node or an operator: which of the two a
// call's client is, PeerCertificate (grpc_credentials.h) tells. A certificate that is not good is refused and logged.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeEnrolmentServerCredentials(
    std::shared_ptr<EnrolmentIdentity> identity, const Clock* clock, Logger logger);

// For a node that has no certificate yet. Accepts the server if the last certificate that it sends is the root with
// this fingerprint (SHA-256, hexadecimal), speaks for `network`, and is that of the rest of the chain, which is
// verified for role root. `refused` as in MakeChannelCredentials.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeEnrolmentChannelCredentials(
    const std::string& network, const std::string& root_fingerprint, const Clock* clock,
    std::function<void(const absl::Status&)> refused);

// For a node with a certificate, which it shows. Accepts a server of role root of the node's own network, by what the
// node trusts at the time of the handshake; a revocation list that has expired still counts (verify_stale.h), for the
// newer one comes from there.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeRenewalChannelCredentials(
    std::shared_ptr<NodeTrust> trust, const Clock* clock, std::function<void(const absl::Status&)> refused);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_CREDENTIALS_H_
