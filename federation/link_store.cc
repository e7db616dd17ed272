#include "federation/link_store.h"

#include <utility>

#include "core/base/status.h"

namespace paranet {

absl::StatusOr<std::vector<LinkRecord>> LinkStore::List() {
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      database_->Query("SELECT peer, address, mode, dialler, created_unix_ms FROM link ORDER BY peer, dialler DESC"));
  std::vector<LinkRecord> records;
  for (const SqlRow& row : rows) {
    LinkRecord record{.peer = row.Text(0), .address = row.Text(1), .dialler = row.Int(3) != 0};
    record.created_unix_ms = row.Int(4);
    if (row.Int(2) != v1::ONE_WAY && row.Int(2) != v1::BIDIRECTIONAL) continue;
    record.mode = static_cast<v1::LinkMode>(row.Int(2));
    records.push_back(std::move(record));
  }
  return records;
}

absl::Status LinkStore::Put(const LinkRecord& record) {
  return database_->Execute(
      "INSERT OR REPLACE INTO link(peer, address, mode, dialler, created_unix_ms) VALUES(?, ?, ?, ?, ?)",
      {record.peer, record.address, int64_t{record.mode}, int64_t{record.dialler ? 1 : 0}, record.created_unix_ms});
}

absl::Status LinkStore::Remove(const std::string& peer, bool dialler) {
  return database_->Execute("DELETE FROM link WHERE peer = ? AND dialler = ?", {peer, int64_t{dialler ? 1 : 0}});
}

absl::Status LinkStore::RemovePeer(const std::string& peer, bool remember, absl::Time now) {
  return database_->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(database_->Execute("DELETE FROM link WHERE peer = ?", {peer}));
    if (!remember) return absl::OkStatus();
    return database_->Execute("INSERT OR REPLACE INTO defederated(peer, at_unix_ms) VALUES(?, ?)",
                              {peer, absl::ToUnixMillis(now)});
  });
}

absl::StatusOr<bool> LinkStore::IsDefederated(const std::string& peer) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           database_->Query("SELECT 1 FROM defederated WHERE peer = ?", {peer}));
  return !rows.empty();
}

absl::Status LinkStore::ForgetDefederated(const std::string& peer) {
  return database_->Execute("DELETE FROM defederated WHERE peer = ?", {peer});
}

}  // namespace paranet
