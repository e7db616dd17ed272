#include "pki/root/token_book.h"

#include <cstdint>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace paranet::pki {
namespace {

constexpr char kColumns[] =
    "SELECT id, node, endpoint, created_at, expires_at, used_at, revoked_at, serial FROM token ";
constexpr size_t kIdDigits = 12;

JoinTokenEntry EntryOf(const SqlRow& row) {
  JoinTokenEntry entry{.id = row.Text(0),
                       .node = row.Text(1),
                       .endpoint = row.Text(2),
                       .created_at = absl::FromUnixSeconds(row.Int(3)),
                       .expires_at = absl::FromUnixSeconds(row.Int(4)),
                       .used_at = std::nullopt,
                       .revoked_at = std::nullopt,
                       .serial = row.Text(7)};
  if (row.Int(5) != 0) entry.used_at = absl::FromUnixSeconds(row.Int(5));
  if (row.Int(6) != 0) entry.revoked_at = absl::FromUnixSeconds(row.Int(6));
  return entry;
}

std::string Utc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

absl::Status Refused(absl::string_view why) { return absl::PermissionDeniedError(why); }

}  // namespace

std::string TokenId(const JoinToken& token) { return token.SecretHash().substr(0, kIdDigits); }

std::string TokenDetail(const JoinToken& token) {
  return absl::StrCat(token.fields().node(), " ", token.fields().endpoint(), " ", token.fields().expires_unix(), " ",
                      token.SecretHash());
}

absl::Status RecordToken(Database& ledger, const JoinToken& token, absl::Time now, uint64_t audit) {
  return ledger.Execute(
      "INSERT INTO token (id, secret_hash, node, endpoint, created_at, expires_at, audit) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {TokenId(token), token.SecretHash(), token.fields().node(), token.fields().endpoint(), absl::ToUnixSeconds(now),
       int64_t{token.fields().expires_unix()}, static_cast<int64_t>(audit)});
}

absl::StatusOr<std::vector<JoinTokenEntry>> ListJoinTokens(Database& ledger) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, ledger.Query(absl::StrCat(kColumns, "ORDER BY number")));
  std::vector<JoinTokenEntry> entries;
  entries.reserve(rows.size());
  for (const SqlRow& row : rows) entries.push_back(EntryOf(row));
  return entries;
}

absl::StatusOr<JoinTokenEntry> CheckToken(Database& ledger, const JoinToken& token, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query(absl::StrCat(kColumns, "WHERE secret_hash = ?"), {token.SecretHash()}));
  if (rows.empty()) {
    return Refused("this Network Root does not know the join token: ask its operator for a new one");
  }
  JoinTokenEntry entry = EntryOf(rows[0]);
  if (token.fields().node() != entry.node || token.fields().endpoint() != entry.endpoint ||
      token.fields().expires_unix() != absl::ToUnixSeconds(entry.expires_at)) {
    return Refused(absl::StrCat("join token ", entry.id,
                                " has been altered since it was made: ask the operator of the Network Root for a new "
                                "one"));
  }
  if (entry.used_at.has_value()) {
    return Refused(absl::StrCat("join token ", entry.id, " was used on ", Utc(*entry.used_at),
                                " for the certificate with serial ", entry.serial,
                                ": it works once; ask for a new one, and if it was not you who used it have that "
                                "certificate revoked"));
  }
  if (entry.revoked_at.has_value()) {
    return Refused(absl::StrCat("join token ", entry.id, " was revoked on ", Utc(*entry.revoked_at),
                                ": ask the operator of the Network Root for a new one"));
  }
  if (now > entry.expires_at) {
    return Refused(absl::StrCat("join token ", entry.id, " expired on ", Utc(entry.expires_at),
                                ": ask the operator of the Network Root for a new one"));
  }
  return entry;
}

absl::Status MarkTokenUsed(Database& ledger, const std::string& id, absl::string_view serial, absl::Time now) {
  return ledger.Execute("UPDATE token SET used_at = ?, serial = ? WHERE id = ?",
                        {absl::ToUnixSeconds(now), std::string(serial), id});
}

absl::Status MarkTokenRevoked(Database& ledger, const std::string& id, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, ledger.Query(absl::StrCat(kColumns, "WHERE id = ?"), {id}));
  if (rows.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no join token with id \"", absl::CHexEscape(id.substr(0, 64)),
                                            "\": see paranet root token ls"));
  }
  const JoinTokenEntry entry = EntryOf(rows[0]);
  if (entry.used_at.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat("join token ", id, " was used on ", Utc(*entry.used_at),
                                                      " for the certificate with serial ", entry.serial,
                                                      ": revoke that (paranet root revoke)"));
  }
  if (entry.revoked_at.has_value()) {
    return absl::AlreadyExistsError(
        absl::StrCat("join token ", id, " was revoked on ", Utc(*entry.revoked_at), " already"));
  }
  return ledger.Execute("UPDATE token SET revoked_at = ? WHERE id = ?", {absl::ToUnixSeconds(now), id});
}

}  // namespace paranet::pki
