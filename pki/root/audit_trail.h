// The audit trail of a Network Root: what was done, by whom and when, in a chain of hashes in which nothing can be
// altered, left out or put in without breaking it.
#ifndef PARANET_PKI_ROOT_AUDIT_TRAIL_H_
#define PARANET_PKI_ROOT_AUDIT_TRAIL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"

namespace paranet::pki {

struct AuditEvent {
  // 1, 2, 3 and so on.
  uint64_t number = 0;
  // To the second.
  absl::Time time;
  // Who: free text such as `operator:anna`, an identity, `token:1234abcd`.
  std::string actor;
  // What: `issue`, `enrol`, `renew`, `revoke`, `list`, `token-create`, `token-revoke`, `prepare`, `activate`, `retire`,
  // `authority`, `create`, `upgrade`, `backup`, `restore`.
  std::string event;
  // To whom or what: an identity, a token's id, an authority's fingerprint.
  std::string subject;
  // More of it, by event; for a certificate `SERIAL NOT_BEFORE NOT_AFTER FINGERPRINT`.
  std::string detail;
  // Hexadecimal: SHA-256 of the hash of the event before (64 zeros before the first) and of this event's fields, each
  // preceded by its length.
  std::string hash;
};

// How far a trail has come. {0, 64 zeros} for an empty one.
struct AuditHead {
  uint64_t number = 0;
  std::string hash;
};

// In the transaction under way in `ledger`, whose table `audit` it is. `event.number` and `event.hash` are ignored.
absl::StatusOr<AuditHead> AppendAudit(Database& ledger, const AuditEvent& event);

absl::StatusOr<AuditHead> ReadAuditHead(Database& ledger);

// At most `limit` events with numbers above `after`, oldest first.
absl::StatusOr<std::vector<AuditEvent>> ReadAudit(Database& ledger, uint64_t after, size_t limit);

// DATA_LOSS, naming the first event that is wrong, unless all are there, in order and unaltered; and unless event
// `mark.number` is there with the hash of `mark`.
absl::Status CheckAudit(Database& ledger, const AuditHead& mark);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_AUDIT_TRAIL_H_
