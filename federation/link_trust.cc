#include "federation/link_trust.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pki/verify_outcome.h"

namespace paranet {
namespace {

// The last moment of a certificate belongs to it.
constexpr absl::Duration kAfterEnd = absl::Milliseconds(50);
// Also because CheckPeer bears with a root that has just been retired, for a few seconds.
constexpr absl::Duration kLongestPause = absl::Seconds(2);
// By how much a peer's clock may be ahead.
constexpr absl::Duration kClockSkew = absl::Seconds(60);

absl::Time OwnEnd(const pki::TrustState& state) { return state.identity->chain().leaf().not_after(); }

}  // namespace

void LinkTrust::Check() {
  if (!lost_) return;
  context_->control->Cancel(std::exchange(timer_, 0));
  if (const absl::Status status = context_->trust->CheckPeer(*peer_); !status.ok()) {
    std::exchange(lost_, nullptr)(status);
    return;
  }
  const absl::Duration left = std::max(peer_->not_after - context_->clock->Now(), absl::ZeroDuration()) + kAfterEnd;
  timer_ = context_->control->At(absl::Now() + std::min(left, kLongestPause), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Check();
  });
}

void LinkTrust::Stop() {
  lost_ = nullptr;
  context_->control->Cancel(std::exchange(timer_, 0));
}

bool OwnCertificateEnds(const pki::TrustState& state, absl::Time now) { return now > OwnEnd(state) - kClockSkew; }

bool OwnCertificateIsRevoked(const pki::TrustState& state) {
  const pki::Certificate& own = state.identity->chain().leaf();
  const pki::RevocationList* const list = state.revocations->Of(own.issuer_der(), own.authority_key_id());
  return list != nullptr && list->Find(own.serial()) != nullptr;
}

absl::Status ExplainLoss(const pki::TrustState& state, absl::Time now, const absl::Status& status) {
  if (OwnCertificateIsRevoked(state)) {
    return absl::Status(status.code(),
                        absl::StrCat("this node's own certificate has been revoked and no peer accepts it; enrol the "
                                     "node anew (",
                                     status.message(), ")"));
  }
  if (now <= OwnEnd(state)) return status;
  return absl::Status(
      status.code(),
      absl::StrCat("this node's own certificate expired at ", absl::FormatTime(OwnEnd(state)),
                   " and no peer accepts it; the link comes back when it has been renewed (", status.message(), ")"));
}

bool RefusalPasses(const absl::Status& refusal) {
  for (const pki::VerifyOutcome outcome : {pki::VerifyOutcome::kExpired, pki::VerifyOutcome::kNotYetValid}) {
    if (absl::StrContains(refusal.message(), absl::StrCat("refused (", pki::OutcomeName(outcome), ")"))) return true;
  }
  return false;
}

}  // namespace paranet
