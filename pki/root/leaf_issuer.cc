#include "pki/root/leaf_issuer.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <utility>

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

// An order that has been signed and not yet recorded.
struct Signed {
  size_t place;
  const LeafOrder* order;
  absl::Time now;
  std::shared_ptr<const RootState::View> view;
  Certificate leaf;
  // Whether the view was still the present one, and what `check` said, when it was last to be recorded.
  bool fresh = false;
  absl::Status refusal;
};

absl::StatusOr<Signed> Sign(RootState& state, const Clock& clock, const LeafOrder& order, size_t place,
                            bool look_again) {
  const Identity& identity = order.names.identity;
  if (identity.network != state.network()) {
    return absl::PermissionDeniedError(absl::StrCat("the Network Root of ", state.network(),
                                                    " cannot issue a certificate for ", identity.ToUri(),
                                                    ": ask that network's root"));
  }
  const absl::Time now = clock.Now();
  // Nearly always what is there: the transaction says whether it is.
  std::shared_ptr<const RootState::View> view = state.Last();
  if (look_again || now > view->active_issuing().certificate.not_after()) {
    PARANET_ASSIGN_OR_RETURN(view, state.Current());
  }
  const Certificate& issuing = view->active_issuing().certificate;
  if (now > issuing.not_after()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the issuing authority of network ", state.network(), " expired on ", Utc(issuing.not_after()),
                     ": a new one must be certified by the root key (paranet root authority renew)"));
  }
  // Before the transaction, so that several can sign at a time.
  PARANET_ASSIGN_OR_RETURN(Certificate leaf,
                           pki::IssueLeaf(order.names, order.public_key, issuing, view->active_key(),
                                          {order.not_before.value_or(now - kBackdate),
                                           order.not_after.value_or(std::min(now + order.life, issuing.not_after()))}));
  return Signed{.place = place,
                .order = &order,
                .now = now,
                .view = std::move(view),
                .leaf = std::move(leaf),
                .refusal = absl::OkStatus()};
}

// In a transaction.
absl::Status Record(Database& database, Signed& item) {
  item.fresh = false;
  item.refusal = absl::OkStatus();
  PARANET_RETURN_IF_ERROR(CheckFresh(database, *item.view));
  item.fresh = true;
  const LeafOrder& order = *item.order;
  if (order.check != nullptr) item.refusal = order.check();
  PARANET_RETURN_IF_ERROR(item.refusal);
  const std::string uri = order.names.identity.ToUri();
  PARANET_ASSIGN_OR_RETURN(const AuditHead event, AppendAudit(database, {.time = item.now,
                                                                         .actor = order.actor,
                                                                         .event = order.event,
                                                                         .subject = uri,
                                                                         .detail = CertificateDetail(item.leaf),
                                                                         .hash = ""}));
  PARANET_RETURN_IF_ERROR(RecordCertificate(database, item.leaf, uri,
                                            item.view->active_issuing().certificate.fingerprint(), item.view->revision,
                                            item.now, event.number));
  return order.record == nullptr ? absl::OkStatus() : order.record(item.leaf);
}

}  // namespace

absl::StatusOr<IssuedLeaf> IssueLeaf(RootState& state, const Clock& clock, const LeafOrder& order) {
  return std::move(IssueLeaves(state, clock, absl::MakeConstSpan(&order, 1)).front());
}

std::vector<absl::StatusOr<IssuedLeaf>> IssueLeaves(RootState& state, const Clock& clock,
                                                    absl::Span<const LeafOrder> orders) {
  std::vector<absl::StatusOr<IssuedLeaf>> results(
      orders.size(), absl::AbortedError("what the network trusts keeps changing: try again"));
  std::vector<size_t> left(orders.size());
  std::iota(left.begin(), left.end(), size_t{0});
  Database& database = state.ledger().database();
  for (int attempt = 0; attempt < kAttempts && !left.empty(); ++attempt) {
    std::vector<Signed> items;
    items.reserve(left.size());
    for (const size_t place : left) {
      absl::StatusOr<Signed> item = Sign(state, clock, orders[place], place, /*look_again=*/attempt > 0);
      if (item.ok()) {
        items.push_back(*std::move(item));
      } else {
        results[place] = item.status();
      }
    }
    left.clear();
    std::vector<std::function<absl::Status()>> bodies;
    bodies.reserve(items.size());
    for (Signed& item : items) bodies.emplace_back([&database, &item] { return Record(database, item); });
    const std::vector<absl::Status> committed = state.ledger().CommitEach(bodies);
    for (size_t i = 0; i < items.size(); ++i) {
      const Signed& item = items[i];
      if (committed[i].ok()) {
        results[item.place] =
            IssuedLeaf{CertificateChain({item.leaf, item.view->active_issuing().certificate}), item.view->bundle};
      } else if (!item.refusal.ok()) {
        results[item.place] = item.refusal;
      } else if (item.fresh || !absl::IsAborted(committed[i])) {
        results[item.place] =
            Annotate(committed[i], "the certificate could not be recorded and was therefore not issued");
      } else {
        left.push_back(item.place);
      }
    }
  }
  return results;
}

}  // namespace paranet::pki
