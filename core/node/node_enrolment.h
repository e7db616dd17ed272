// How a node comes by its Otonoma Certificate: against a join token, or by files. The same for a node that runs and for
// one that does not: who makes this object says how what was issued is put into force.
//
// By files, the key stays at the node: PrepareRequest keeps it as DATA_DIR/pending-key.pem (0600) until a certificate
// for it is installed or the next request is made.
#ifndef PARANET_CORE_NODE_NODE_ENROLMENT_H_
#define PARANET_CORE_NODE_NODE_ENROLMENT_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/pki.pb.h"
#include "pki/identity.h"
#include "pki/node_identity.h"

namespace paranet {

// Thread-safe, but for PrepareRequest and Install, of which one at a time may run for one node.
class NodeEnrolment {
 public:
  struct Options {
    // The node's.
    std::string name;
    std::string data_dir;
    // Outlives the object.
    const Clock* clock = nullptr;
    // What the node is now; none for a Test Node. A node does not change its network.
    std::function<std::optional<pki::Identity>()> self;
    // On disk and in force when it returns OK; otherwise nothing has changed. `endpoint`: absent if by files.
    std::function<absl::Status(const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                               const v1::TrustBundle& bundle)>
        install;
  };
  explicit NodeEnrolment(Options options) : options_(std::move(options)) {}

  // INVALID_ARGUMENT for what is no token; PERMISSION_DENIED for another node's; FAILED_PRECONDITION for one of another
  // network than the node's: all without using it. Else EnrollWithToken's errors (pki/enrolment/enrolment_client.h).
  // After any error the node is what it was; if the service had answered, the token is used up.
  absl::StatusOr<v1::NodeEnrollResponse> Enroll(const v1::NodeEnrollRequest& request, absl::Time deadline);

  absl::StatusOr<v1::PrepareRequestResponse> PrepareRequest(const v1::PrepareRequestRequest& request);

  // FAILED_PRECONDITION if no request waits for its certificate; INVALID_ARGUMENT for files that are not what they
  // should be or a certificate for another request; PERMISSION_DENIED if it does not verify below the roots given, or
  // is another node's.
  absl::StatusOr<v1::NodeEnrollResponse> Install(const v1::InstallCertificateRequest& request);

 private:
  absl::Status CheckNetwork(const std::string& network) const;
  std::string PendingKeyFile() const;

  const Options options_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NODE_ENROLMENT_H_
