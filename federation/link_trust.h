// Whether the peer of one connection is still to be trusted.
#ifndef PARANET_FEDERATION_LINK_TRUST_H_
#define PARANET_FEDERATION_LINK_TRUST_H_

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "federation/link_context.h"
#include "pki/node_trust.h"

namespace paranet {

// Asks NodeTrust::CheckPeer: when Check is called, when the peer's certificate ends, and once a minute, should the
// clocks disagree about when that is. On the control thread. Must be held by a shared_ptr.
class LinkTrust : public std::enable_shared_from_this<LinkTrust> {
 public:
  // `lost` runs once, inside Check or from a timer, with CheckPeer's answer when that is no longer OK; not after Stop.
  LinkTrust(std::shared_ptr<const LinkContext> context, std::shared_ptr<const pki::Peer> peer,
            absl::AnyInvocable<void(const absl::Status&)> lost)
      : context_(std::move(context)), peer_(std::move(peer)), lost_(std::move(lost)) {}

  void Check();
  void Stop();

 private:
  const std::shared_ptr<const LinkContext> context_;
  const std::shared_ptr<const pki::Peer> peer_;
  absl::AnyInvocable<void(const absl::Status&)> lost_;
  uint64_t timer_ = 0;
};

// Whether the node's own certificate has expired at `now`, or so nearly that a peer with another clock may say so.
bool OwnCertificateEnds(const pki::TrustState& state, absl::Time now);

// Whether a revocation list that the node goes by names its own certificate.
bool OwnCertificateIsRevoked(const pki::TrustState& state);

// `status`, why a link is lost, with what the state of the node's own certificate at `now` has to do with it.
absl::Status ExplainLoss(const pki::TrustState& state, absl::Time now, const absl::Status& status);

// Whether `refusal`, of a peer's certificate, is one that passes by itself: it has expired, or is not valid yet.
bool RefusalPasses(const absl::Status& refusal);

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_TRUST_H_
