// The authorities of a Network Root: its roots and issuing authorities, what has become of them, and their revocation
// lists, as the ledger knows them.
//
// All functions take the ledger's database; those that write are to be called in a transaction.
#ifndef PARANET_PKI_ROOT_AUTHORITY_BOOK_H_
#define PARANET_PKI_ROOT_AUTHORITY_BOOK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"
#include "pki/certificate.h"
#include "pki/revocation_list.h"

namespace paranet::pki {

enum class AuthorityState {
  // Trusted, and not yet used.
  kPrepared,
  // The one that issues: one root and one issuing authority.
  kActive,
  // Trusted, and issues no certificates any more.
  kOld,
  // No longer trusted.
  kRetired,
};

// `prepared`, `active`, `old`, `retired`.
const char* AuthorityStateName(AuthorityState state);

struct Authority {
  Certificate certificate;
  // Fingerprint of the root that certified it; its own for a root.
  std::string issuer;
  AuthorityState state = AuthorityState::kPrepared;
  // DIR/STEM.pem and DIR/STEM.key.pem.
  std::string stem;

  bool is_root() const { return issuer == certificate.fingerprint(); }
};

absl::Status RecordAuthority(Database& ledger, const Authority& authority);
absl::Status SetAuthorityState(Database& ledger, const std::string& fingerprint, AuthorityState state);
// In the order of making. DATA_LOSS if a state is none or a certificate cannot be read.
absl::StatusOr<std::vector<Authority>> ListAuthorities(Database& ledger);

// Of the trust bundle.
absl::StatusOr<uint64_t> ReadRevision(Database& ledger);
// Makes it higher than ever before: by one, or to the seconds of `now` if that is more. Returns it.
absl::StatusOr<uint64_t> RaiseRevision(Database& ledger, absl::Time now);
// The revision with which the root that is prepared came in.
absl::StatusOr<uint64_t> ReadPreparedRevision(Database& ledger);
absl::Status SetPreparedRevision(Database& ledger, uint64_t revision);

// The newest list of each authority that has one, in the order of making the authorities.
absl::StatusOr<std::vector<RevocationList>> ReadRevocationLists(Database& ledger);

// When the list of one authority was made.
struct ListTimes {
  uint64_t number = 0;
  absl::Time this_update;
  absl::Time next_update;
};
absl::StatusOr<std::optional<ListTimes>> ReadListTimes(Database& ledger, const std::string& authority);
// In place of the one before.
absl::Status WriteRevocationList(Database& ledger, const std::string& authority, uint64_t number,
                                 const RevocationList& list);
absl::Status DropRevocationList(Database& ledger, const std::string& authority);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_AUTHORITY_BOOK_H_
