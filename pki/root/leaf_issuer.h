// The one way in which leaf certificates leave a Network Root: recorded first.
#ifndef PARANET_PKI_ROOT_LEAF_ISSUER_H_
#define PARANET_PKI_ROOT_LEAF_ISSUER_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/clock.h"
#include "paranet/v1/pki.pb.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/root/root_state.h"

namespace paranet::pki {

struct LeafOrder {
  const LeafNames& names;
  absl::string_view public_key;
  // Absent: a minute ago.
  std::optional<absl::Time> not_before;
  // Absent: `life` from now, or the end of the issuing authority if that is earlier.
  std::optional<absl::Time> not_after;
  absl::Duration life;
  std::string actor;
  // Of the audit trail.
  std::string event;
  // Whether it may be done, asked in the transaction; and what is to be recorded beside the certificate. Null: nothing.
  // As what Ledger::Commit runs.
  std::function<absl::Status()> check;
  std::function<absl::Status(const Certificate& leaf)> record;
};

struct IssuedLeaf {
  CertificateChain chain;
  v1::TrustBundle trust;
};

// The certificate is in the ledger, on disk, when this returns it. Errors are those of NetworkRoot::Issue and of
// `order.check`.
absl::StatusOr<IssuedLeaf> IssueLeaf(RootState& state, const Clock& clock, const LeafOrder& order);
// The same for each of several, in one transaction; what became of each.
std::vector<absl::StatusOr<IssuedLeaf>> IssueLeaves(RootState& state, const Clock& clock,
                                                    absl::Span<const LeafOrder> orders);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_LEAF_ISSUER_H_
