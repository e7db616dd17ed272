// Who calls the enrolment service.
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_PEER_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_PEER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
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

// The same for many calls: what a certificate says is read once. Thread-safe.
class EnrolmentPeers {
 public:
  // Remembers at most `limit` and forgets all when there would be more.
  explicit EnrolmentPeers(std::string network, size_t limit = 1024) : network_(std::move(network)), limit_(limit) {}

  absl::StatusOr<std::shared_ptr<const EnrolmentPeer>> Authenticate(const grpc::AuthContext& auth_context,
                                                                    absl::Time now);

 private:
  const std::string network_;
  const size_t limit_;
  absl::Mutex mu_;
  // By the certificate in PEM.
  absl::flat_hash_map<std::string, std::shared_ptr<const EnrolmentPeer>> known_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_PEER_H_
