#include "core/node/node_state.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace paranet {

std::vector<std::string> NodeMigrations() {
  return {R"sql(
    CREATE TABLE meta(
      id INTEGER PRIMARY KEY CHECK (id = 1),
      name TEXT NOT NULL,
      kind INTEGER NOT NULL,
      address TEXT NOT NULL,
      created_unix_ms INTEGER NOT NULL
    );
    CREATE TABLE package(
      id TEXT PRIMARY KEY,
      version TEXT NOT NULL,
      digest TEXT NOT NULL,
      publisher TEXT NOT NULL,
      deployed_unix_ms INTEGER NOT NULL
    );
    CREATE TABLE link(
      peer TEXT NOT NULL,
      address TEXT NOT NULL,
      mode INTEGER NOT NULL,
      dialler INTEGER NOT NULL,
      created_unix_ms INTEGER NOT NULL,
      PRIMARY KEY(peer, dialler)
    );
    CREATE TABLE defederated(
      peer TEXT PRIMARY KEY,
      at_unix_ms INTEGER NOT NULL
    );
  )sql",
          R"sql(
    CREATE TABLE operator_role(
      identity TEXT PRIMARY KEY,
      roles INTEGER NOT NULL,
      set_by TEXT NOT NULL,
      set_at_unix_ms INTEGER NOT NULL
    );
    CREATE TABLE call_rule(
      who TEXT NOT NULL,
      what TEXT NOT NULL,
      allow INTEGER NOT NULL,
      set_by TEXT NOT NULL,
      set_at_unix_ms INTEGER NOT NULL,
      PRIMARY KEY(who, what)
    );
    CREATE TABLE audit(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at_unix_ms INTEGER NOT NULL,
      actor TEXT NOT NULL,
      event TEXT NOT NULL,
      subject TEXT NOT NULL,
      detail TEXT NOT NULL,
      times INTEGER NOT NULL,
      decision INTEGER NOT NULL
    );
    CREATE INDEX audit_by_decision ON audit(decision, id);
  )sql",
          R"sql(
    ALTER TABLE package ADD COLUMN signature BLOB NOT NULL DEFAULT x'';
    CREATE TABLE package_previous(
      id TEXT NOT NULL,
      version TEXT NOT NULL,
      digest TEXT NOT NULL,
      publisher TEXT NOT NULL,
      deployed_unix_ms INTEGER NOT NULL,
      signature BLOB NOT NULL,
      PRIMARY KEY(id, version)
    );
  )sql"};
}

namespace {

// In the order of the columns of both tables.
constexpr absl::string_view kPackageColumns = "id, version, digest, publisher, deployed_unix_ms, signature";

std::vector<SqlValue> PackageValues(const DeployedPackage& package) {
  return {package.id,
          package.version,
          package.digest,
          package.publisher,
          absl::ToUnixMillis(package.deployed_at),
          Blob{package.signature}};
}

std::vector<DeployedPackage> PackagesOf(const std::vector<SqlRow>& rows) {
  std::vector<DeployedPackage> packages;
  for (const SqlRow& row : rows) {
    packages.push_back({.id = row.Text(0),
                        .version = row.Text(1),
                        .digest = row.Text(2),
                        .publisher = row.Text(3),
                        .deployed_at = absl::FromUnixMillis(row.Int(4)),
                        .signature = row.Text(5)});
  }
  return packages;
}

}  // namespace

absl::StatusOr<std::unique_ptr<NodeState>> NodeState::Open(const std::string& data_dir, const std::string& name,
                                                           v1::NodeKind kind, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                           Database::Open(absl::StrCat(data_dir, "/node.db"), NodeMigrations()));
  PARANET_ASSIGN_OR_RETURN(std::vector<SqlRow> rows, database->Query("SELECT name, kind FROM meta"));
  if (rows.empty()) {
    PARANET_RETURN_IF_ERROR(
        database->Execute("INSERT INTO meta(id, name, kind, address, created_unix_ms) VALUES (1, ?, ?, '', ?)",
                          {name, int64_t{kind}, absl::ToUnixMillis(now)}));
  } else if (rows.front().Text(0) != name) {
    return absl::FailedPreconditionError(absl::StrCat(data_dir, " is the data directory of node \"",
                                                      rows.front().Text(0), "\", not of \"", name,
                                                      "\": start it under its own name, or use another directory"));
  } else if (rows.front().Int(1) == v1::STANDARD && kind != v1::STANDARD) {
    return absl::FailedPreconditionError(absl::StrCat(
        data_dir, " is the data directory of Standard Node \"", name,
        "\", which cannot become a Test Node: start it with its Otonoma Certificate, or use another directory"));
  }
  return std::unique_ptr<NodeState>(new NodeState(std::move(database), kind));
}

absl::StatusOr<std::string> NodeState::Address() {
  PARANET_ASSIGN_OR_RETURN(std::vector<SqlRow> rows, database_->Query("SELECT address FROM meta"));
  return rows.empty() ? std::string() : rows.front().Text(0);
}

absl::Status NodeState::Started(absl::string_view address) {
  return database_->Execute("UPDATE meta SET kind = ?, address = ?", {int64_t{kind_}, std::string(address)});
}

absl::Status NodeState::Promoted() { return database_->Execute("UPDATE meta SET kind = ?", {int64_t{v1::STANDARD}}); }

absl::StatusOr<std::vector<DeployedPackage>> NodeState::Packages() {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           database_->Query(absl::StrCat("SELECT ", kPackageColumns, " FROM package ORDER BY id")));
  return PackagesOf(rows);
}

absl::StatusOr<std::vector<DeployedPackage>> NodeState::PreviousPackages() {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           database_->Query(absl::StrCat("SELECT ", kPackageColumns,
                                                         " FROM package_previous ORDER BY id, deployed_unix_ms DESC")));
  return PackagesOf(rows);
}

absl::Status NodeState::PutPackage(const DeployedPackage& package, const std::vector<DeployedPackage>& previous) {
  return database_->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(database_->Execute(
        absl::StrCat("INSERT OR REPLACE INTO package(", kPackageColumns, ") VALUES (?, ?, ?, ?, ?, ?)"),
        PackageValues(package)));
    PARANET_RETURN_IF_ERROR(database_->Execute("DELETE FROM package_previous WHERE id = ?", {package.id}));
    for (const DeployedPackage& version : previous) {
      PARANET_RETURN_IF_ERROR(database_->Execute(
          absl::StrCat("INSERT INTO package_previous(", kPackageColumns, ") VALUES (?, ?, ?, ?, ?, ?)"),
          PackageValues(version)));
    }
    return absl::OkStatus();
  });
}

absl::Status NodeState::RemovePackage(const std::string& id) {
  return database_->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(database_->Execute("DELETE FROM package WHERE id = ?", {id}));
    return database_->Execute("DELETE FROM package_previous WHERE id = ?", {id});
  });
}

}  // namespace paranet
