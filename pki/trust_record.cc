#include "pki/trust_record.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/sqlite.h"
#include "core/base/status.h"
#include "pki/atomic_directory.h"
#include "pki/identity_folder.h"

namespace paranet::pki {
namespace {

constexpr char kDatabase[] = "/trust.db";

// A released script never changes; later versions add scripts.
std::vector<std::string> Migrations() {
  return {R"sql(
    CREATE TABLE meta(
      id INTEGER PRIMARY KEY CHECK (id = 1),
      revision INTEGER NOT NULL,
      endpoint TEXT NOT NULL
    );
    CREATE TABLE further_root(
      certificate BLOB NOT NULL,
      roles TEXT NOT NULL,
      names TEXT NOT NULL
    );
    CREATE TABLE authority(certificate BLOB NOT NULL);
    CREATE TABLE revocation_list(list BLOB NOT NULL);
  )sql"};
}

absl::Status Damaged(const std::string& path, const absl::Status& status) {
  return absl::DataLossError(
      absl::StrCat(path, " is damaged (", status.message(), "): restore it from a backup, or enrol the node again"));
}

template <typename T>
absl::StatusOr<std::vector<T>> ReadAll(Database& database, const std::string& path, absl::string_view query) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, database.Query(query));
  std::vector<T> all;
  for (const SqlRow& row : rows) {
    absl::StatusOr<T> one = T::FromDer(row.Text(0));
    if (!one.ok()) return Damaged(path, one.status());
    all.push_back(*std::move(one));
  }
  return all;
}

absl::StatusOr<TrustConstraints> ReadConstraints(const SqlRow& row) {
  TrustConstraints constraints;
  for (absl::string_view role : absl::StrSplit(row.Text(1), ',', absl::SkipEmpty())) {
    PARANET_ASSIGN_OR_RETURN(const Role parsed, ParseRole(role));
    constraints.roles.push_back(parsed);
  }
  constraints.names = absl::StrSplit(row.Text(2), ',', absl::SkipEmpty());
  return constraints;
}

absl::Status ReadDatabase(const std::string& path, TrustRecord& record) {
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(path, Migrations()));
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> meta, database->Query("SELECT revision, endpoint FROM meta"));
  if (meta.size() != 1) return Damaged(path, absl::DataLossError("it is not complete"));
  record.revision = static_cast<uint64_t>(meta.front().Int(0));
  record.endpoint = meta.front().Text(1);
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> further,
                           database->Query("SELECT certificate, roles, names FROM further_root ORDER BY rowid"));
  for (const SqlRow& row : further) {
    absl::StatusOr<Certificate> certificate = Certificate::FromDer(row.Text(0));
    if (!certificate.ok()) return Damaged(path, certificate.status());
    absl::StatusOr<TrustConstraints> constraints = ReadConstraints(row);
    if (!constraints.ok()) return Damaged(path, constraints.status());
    record.further.push_back({*std::move(certificate), "", *std::move(constraints)});
  }
  PARANET_ASSIGN_OR_RETURN(record.authorities,
                           ReadAll<Certificate>(*database, path, "SELECT certificate FROM authority ORDER BY rowid"));
  PARANET_ASSIGN_OR_RETURN(record.lists,
                           ReadAll<RevocationList>(*database, path, "SELECT list FROM revocation_list ORDER BY rowid"));
  return absl::OkStatus();
}

absl::Status WriteDatabase(const std::string& path, const TrustRecord& record) {
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(path, Migrations()));
  return database->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(database->Execute("INSERT INTO meta(id, revision, endpoint) VALUES (1, ?, ?)",
                                              {static_cast<int64_t>(record.revision), record.endpoint}));
    for (const TrustStore::Root& root : record.further) {
      const std::string roles = absl::StrJoin(
          root.constraints.roles, ",", [](std::string* out, Role role) { absl::StrAppend(out, RoleName(role)); });
      PARANET_RETURN_IF_ERROR(
          database->Execute("INSERT INTO further_root(certificate, roles, names) VALUES (?, ?, ?)",
                            {Blob{root.certificate.ToDer()}, roles, absl::StrJoin(root.constraints.names, ",")}));
    }
    for (const Certificate& authority : record.authorities) {
      PARANET_RETURN_IF_ERROR(
          database->Execute("INSERT INTO authority(certificate) VALUES (?)", {Blob{authority.ToDer()}}));
    }
    for (const RevocationList& list : record.lists) {
      PARANET_RETURN_IF_ERROR(database->Execute("INSERT INTO revocation_list(list) VALUES (?)", {Blob{list.ToDer()}}));
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<TrustRecord> ReadTrustRecord(const std::string& dir) {
  PARANET_ASSIGN_OR_RETURN(IdentityFiles files, ReadIdentityFiles(dir));
  TrustRecord record{.key = std::move(files.key), .chain = std::move(files.chain)};
  for (const TrustStore::Root& root : files.trust->roots()) record.roots.push_back(root.certificate);
  const std::string database = dir + kDatabase;
  if (::access(database.c_str(), F_OK) == 0) PARANET_RETURN_IF_ERROR(ReadDatabase(database, record));
  return record;
}

absl::Status WriteTrustRecord(const std::string& dir, const TrustRecord& record) {
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustStore> roots, TrustStore::Create(record.roots));
  return ReplaceDirectoryAtomically(dir, [&](const std::string& fresh) -> absl::Status {
    PARANET_RETURN_IF_ERROR(WriteIdentityFiles(fresh, record.key, record.chain, *roots));
    // Closed, and so in one file, before the directory gets its name.
    return WriteDatabase(fresh + kDatabase, record);
  });
}

std::vector<Certificate> AuthoritiesOf(const TrustRecord& record) {
  std::vector<Certificate> authorities(record.chain.certificates().begin() + 1, record.chain.certificates().end());
  for (const Certificate& authority : record.authorities) {
    if (!absl::c_linear_search(authorities, authority)) authorities.push_back(authority);
  }
  return authorities;
}

bool IsOfSameAuthority(const RevocationList& a, const RevocationList& b) {
  return a.issuer_der() == b.issuer_der() && a.authority_key_id() == b.authority_key_id();
}

void PutList(TrustRecord& record, const RevocationList& list) {
  for (RevocationList& present : record.lists) {
    if (!IsOfSameAuthority(present, list)) continue;
    if (list.IsNewerThan(present)) present = list;
    return;
  }
  record.lists.push_back(list);
}

}  // namespace paranet::pki
