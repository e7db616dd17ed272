#include "pki/root/leaf_issuer.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/sqlite.h"
#include "core/base/status.h"
#include "pki/certificate_issuer.h"
#include "pki/root/audit_trail.h"
#include "pki/root/authority_book.h"
#include "pki/root/certificate_book.h"
#include "pki/root/root_lives.h"

namespace paranet::pki {
namespace {

std::string Utc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace

absl::StatusOr<IssuedLeaf> IssueLeaf(RootState& state, const Clock& clock, const LeafOrder& order) {
  const Identity& identity = order.names.identity;
  if (identity.network != state.network()) {
    return absl::PermissionDeniedError(absl::StrCat("the Network Root of ", state.network(),
                                                    " cannot issue a certificate for ", identity.ToUri(),
                                                    ": ask that network's root"));
  }
  Database& database = state.ledger().database();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const absl::Time now = clock.Now();
    PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
    const Certificate& issuing = view->active_issuing().certificate;
    if (now > issuing.not_after()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the issuing authority of network ", state.network(), " expired on ", Utc(issuing.not_after()),
                       ": a new one must be certified by the root key (paranet root authority renew)"));
    }
    if (order.check != nullptr) PARANET_RETURN_IF_ERROR(order.check());
    // Before the transaction, so that several can sign at a time.
    PARANET_ASSIGN_OR_RETURN(
        const Certificate leaf,
        pki::IssueLeaf(order.names, order.public_key, issuing, view->active_key(),
                       {order.not_before.value_or(now - kBackdate),
                        order.not_after.value_or(std::min(now + order.life, issuing.not_after()))}));
    bool fresh = false;
    absl::Status refusal;
    const absl::Status committed = state.ledger().Commit([&]() -> absl::Status {
      PARANET_RETURN_IF_ERROR(CheckFresh(database, *view));
      fresh = true;
      if (order.check != nullptr) refusal = order.check();
      PARANET_RETURN_IF_ERROR(refusal);
      PARANET_ASSIGN_OR_RETURN(const AuditHead event, AppendAudit(database, {.time = now,
                                                                             .actor = order.actor,
                                                                             .event = order.event,
                                                                             .subject = identity.ToUri(),
                                                                             .detail = CertificateDetail(leaf),
                                                                             .hash = ""}));
      PARANET_RETURN_IF_ERROR(RecordCertificate(database, leaf, identity.ToUri(), issuing.fingerprint(), view->revision,
                                                now, event.number));
      return order.record == nullptr ? absl::OkStatus() : order.record(leaf);
    });
    if (committed.ok()) return IssuedLeaf{CertificateChain({leaf, issuing}), view->bundle};
    PARANET_RETURN_IF_ERROR(refusal);
    if (fresh || !absl::IsAborted(committed)) {
      return Annotate(committed, "the certificate could not be recorded and was therefore not issued");
    }
  }
  return absl::AbortedError("what the network trusts keeps changing: try again");
}

}  // namespace paranet::pki
