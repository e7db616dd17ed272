#include "pki/root/authority_book.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace paranet::pki {
namespace {

absl::StatusOr<AuthorityState> ParseState(absl::string_view name) {
  for (const AuthorityState state :
       {AuthorityState::kPrepared, AuthorityState::kActive, AuthorityState::kOld, AuthorityState::kRetired}) {
    if (name == AuthorityStateName(state)) return state;
  }
  return absl::DataLossError(absl::StrCat("the ledger has an authority in state \"", name, "\", which is none"));
}

absl::StatusOr<uint64_t> ReadState(Database& ledger, absl::string_view column) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query(absl::StrCat("SELECT ", column, " FROM state")));
  if (rows.size() != 1) return absl::DataLossError("the ledger does not have one state");
  return static_cast<uint64_t>(rows[0].Int(0));
}

}  // namespace

const char* AuthorityStateName(AuthorityState state) {
  switch (state) {
    case AuthorityState::kPrepared:
      return "prepared";
    case AuthorityState::kActive:
      return "active";
    case AuthorityState::kOld:
      return "old";
    case AuthorityState::kRetired:
      return "retired";
  }
  return "";
}

absl::Status RecordAuthority(Database& ledger, const Authority& authority) {
  return ledger.Execute(
      "INSERT INTO authority (fingerprint, issuer, state, stem, der) VALUES (?, ?, ?, ?, ?)",
      {authority.certificate.fingerprint(), authority.issuer, std::string(AuthorityStateName(authority.state)),
       authority.stem, Blob{authority.certificate.ToDer()}});
}

absl::Status SetAuthorityState(Database& ledger, const std::string& fingerprint, AuthorityState state) {
  return ledger.Execute("UPDATE authority SET state = ? WHERE fingerprint = ?",
                        {std::string(AuthorityStateName(state)), fingerprint});
}

absl::StatusOr<std::vector<Authority>> ListAuthorities(Database& ledger) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query("SELECT issuer, state, stem, der FROM authority ORDER BY number"));
  std::vector<Authority> authorities;
  for (const SqlRow& row : rows) {
    PARANET_ASSIGN_OR_RETURN(const AuthorityState state, ParseState(row.Text(1)));
    absl::StatusOr<Certificate> certificate = Certificate::FromDer(row.Text(3));
    if (!certificate.ok()) {
      return absl::DataLossError(
          absl::StrCat("the ledger has an authority that cannot be read: ", certificate.status().message()));
    }
    authorities.push_back(
        {.certificate = *std::move(certificate), .issuer = row.Text(0), .state = state, .stem = row.Text(2)});
  }
  return authorities;
}

absl::StatusOr<uint64_t> ReadRevision(Database& ledger) { return ReadState(ledger, "revision"); }

absl::StatusOr<uint64_t> RaiseRevision(Database& ledger, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const uint64_t before, ReadRevision(ledger));
  const auto revision = std::max(static_cast<int64_t>(before) + 1, absl::ToUnixSeconds(now));
  PARANET_RETURN_IF_ERROR(ledger.Execute("UPDATE state SET revision = ?", {revision}));
  return static_cast<uint64_t>(revision);
}

absl::StatusOr<uint64_t> ReadPreparedRevision(Database& ledger) { return ReadState(ledger, "prepared"); }

absl::Status SetPreparedRevision(Database& ledger, uint64_t revision) {
  return ledger.Execute("UPDATE state SET prepared = ?", {static_cast<int64_t>(revision)});
}

absl::StatusOr<std::vector<RevocationList>> ReadRevocationLists(Database& ledger) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query("SELECT list.der FROM revocation_list AS list JOIN authority USING "
                                        "(fingerprint) ORDER BY authority.number"));
  std::vector<RevocationList> lists;
  for (const SqlRow& row : rows) {
    absl::StatusOr<RevocationList> list = RevocationList::FromDer(row.Text(0));
    if (!list.ok()) {
      return absl::DataLossError(
          absl::StrCat("the ledger has a revocation list that cannot be read: ", list.status().message()));
    }
    lists.push_back(*std::move(list));
  }
  return lists;
}

absl::StatusOr<std::optional<ListTimes>> ReadListTimes(Database& ledger, const std::string& authority) {
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      ledger.Query("SELECT number, this_update, next_update FROM revocation_list WHERE fingerprint = ?", {authority}));
  if (rows.empty()) return std::nullopt;
  return ListTimes{.number = static_cast<uint64_t>(rows[0].Int(0)),
                   .this_update = absl::FromUnixSeconds(rows[0].Int(1)),
                   .next_update = absl::FromUnixSeconds(rows[0].Int(2))};
}

absl::Status WriteRevocationList(Database& ledger, const std::string& authority, uint64_t number,
                                 const RevocationList& list) {
  return ledger.Execute(
      "INSERT OR REPLACE INTO revocation_list (fingerprint, number, this_update, next_update, der) "
      "VALUES (?, ?, ?, ?, ?)",
      {authority, static_cast<int64_t>(number), absl::ToUnixSeconds(list.this_update()),
       absl::ToUnixSeconds(list.next_update()), Blob{list.ToDer()}});
}

absl::Status DropRevocationList(Database& ledger, const std::string& authority) {
  return ledger.Execute("DELETE FROM revocation_list WHERE fingerprint = ?", {authority});
}

}  // namespace paranet::pki
