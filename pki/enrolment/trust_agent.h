// Keeps a Standard Node's trust up to date while it runs: its certificate renewed, the network's bundle as the Network
// Root has it now.
//
// One thread renews: at about half of the certificate's life with a fresh key (renewal_plan.h), and at once when the
// network issues below another root than the node's. One thread holds the stream of bundles (NetworkRoot.Watch), hands
// each to NodeTrust::AdoptBundle and acknowledges it once it is in force. Both rest while the node has no endpoint, and
// begin when it gets one.
#ifndef PARANET_PKI_ENROLMENT_TRUST_AGENT_H_
#define PARANET_PKI_ENROLMENT_TRUST_AGENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "pki/node_trust.h"

namespace paranet::pki {

// Thread-safe.
class TrustAgent {
 public:
  struct Options {
    // Outlives the object.
    const Clock* clock = nullptr;
    Logger logger;
    // How long one attempt to renew may take.
    absl::Duration attempt = absl::Seconds(15);
    // Between attempts to open the stream: full jitter up to a bound that doubles from the first to the second.
    absl::Duration first_pause = absl::Milliseconds(200);
    absl::Duration longest_pause = absl::Seconds(30);
  };
  static std::unique_ptr<TrustAgent> Start(std::shared_ptr<NodeTrust> trust, Options options);
  // Stop().
  virtual ~TrustAgent() = default;
  // Ends what is under way, also RenewNow (CANCELLED), and does nothing any more. Idempotent.
  virtual void Stop() = 0;

  // Renews now, whatever the time. FAILED_PRECONDITION if the node has no endpoint; else as RenewCertificate
  // (enrolment_client.h) and NodeTrust::ReplaceCertificate.
  virtual absl::Status RenewNow(absl::Time deadline) = 0;
  // The clock has been set: looks at it now and not within the next half minute.
  virtual void Wake() = 0;

  struct Report {
    // InfiniteFuture if the node has no endpoint.
    absl::Time next_renewal;
    // InfinitePast if there was none.
    absl::Time last_renewal;
    uint64_t renewals = 0;
    uint64_t failures = 0;
    // Of the last attempt to renew; empty if it succeeded.
    std::string last_error;
    // Whether the stream of bundles is up, and how many have been adopted.
    bool watching = false;
    uint64_t bundles = 0;
    // For the operator; empty if all is well.
    std::string warning;
  };
  virtual Report report() const = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_TRUST_AGENT_H_
