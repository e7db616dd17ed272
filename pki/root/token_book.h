// The join tokens in a Network Root's ledger, without their secrets.
//
// All functions take the ledger's database; those that write are to be called in a transaction.
#ifndef PARANET_PKI_ROOT_TOKEN_BOOK_H_
#define PARANET_PKI_ROOT_TOKEN_BOOK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"
#include "pki/join_token.h"

namespace paranet::pki {

struct JoinTokenEntry {
  // Names the token without giving it away: the first 12 digits of the hash of its secret.
  std::string id;
  std::string node;
  std::string endpoint;
  absl::Time created_at;
  absl::Time expires_at;
  std::optional<absl::Time> used_at;
  std::optional<absl::Time> revoked_at;
  // Of the certificate that it brought; empty if unused.
  std::string serial;
};

// The id of a token.
std::string TokenId(const JoinToken& token);
// What the audit trail says of a new token: `NODE ENDPOINT EXPIRES HASH`.
std::string TokenDetail(const JoinToken& token);
// `audit`: number of the event of the audit trail that tells of it.
absl::Status RecordToken(Database& ledger, const JoinToken& token, absl::Time now, uint64_t audit);
// In the order of making.
absl::StatusOr<std::vector<JoinTokenEntry>> ListJoinTokens(Database& ledger);
// The entry of a token that may be used at `now`. PERMISSION_DENIED, each with its own sentence: unknown, altered,
// used, revoked, expired.
absl::StatusOr<JoinTokenEntry> CheckToken(Database& ledger, const JoinToken& token, absl::Time now);
absl::Status MarkTokenUsed(Database& ledger, const std::string& id, absl::string_view serial, absl::Time now);
// NOT_FOUND; FAILED_PRECONDITION if it has been used; ALREADY_EXISTS if it is revoked.
absl::Status MarkTokenRevoked(Database& ledger, const std::string& id, absl::Time now);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_TOKEN_BOOK_H_
