// SQLite, as much of it as a node's state needs.
#ifndef PARANET_CORE_BASE_SQLITE_H_
#define PARANET_CORE_BASE_SQLITE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

struct sqlite3;
struct sqlite3_stmt;

namespace paranet {

// Text and blobs are both std::string; Blob says which on the way in.
struct Blob {
  std::string bytes;
};
using SqlValue = std::variant<std::nullptr_t, int64_t, std::string, Blob>;
// One row of a result.
class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}
  // The column's value as asked for; 0 or "" where it is of another type or NULL.
  int64_t Int(size_t column) const;
  // Of a text or a blob.
  const std::string& Text(size_t column) const;

 private:
  std::vector<SqlValue> values_;
};

// One database file, in WAL mode with synchronous=FULL: a statement that has returned OK is on disk. Thread-safe.
class Database {
 public:
  // Opens or makes `path` (0600), checks its integrity, and brings it to schema version `migrations.size()` (PRAGMA
  // user_version) by running the scripts not yet run, each in a transaction. DATA_LOSS, saying what to do, if the file
  // is damaged or is no database; FAILED_PRECONDITION if it comes from a newer version.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                        const std::vector<std::string>& migrations);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one statement with `?` parameters. ALREADY_EXISTS if it violates a UNIQUE or PRIMARY KEY constraint.
  absl::Status Execute(absl::string_view sql, const std::vector<SqlValue>& parameters = {});
  absl::StatusOr<std::vector<SqlRow>> Query(absl::string_view sql, const std::vector<SqlValue>& parameters = {});
  // Runs `body` in a transaction, which it rolls back if `body` returns an error. `body` calls Execute and Query of
  // this object and must not call Transaction.
  absl::Status Transaction(const std::function<absl::Status()>& body);

 private:
  class Turn;

  explicit Database(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}
  absl::Status CheckIntegrity();
  absl::Status Configure();
  absl::Status Migrate(const std::vector<std::string>& migrations);
  // Adds the result's rows to `rows` unless it is null.
  absl::Status Run(absl::string_view sql, const std::vector<SqlValue>& parameters, std::vector<SqlRow>* rows);
  // A statement for `sql`, one that was kept or a new one. Keep() takes it back when it has run.
  absl::StatusOr<sqlite3_stmt*> Prepare(absl::string_view sql);
  void Keep(absl::string_view sql, sqlite3_stmt* statement);
  // INVALID_ARGUMENT if `tail`, what follows a statement, is more than space and comments.
  absl::Status CheckTail(absl::string_view tail);
  // True on the thread that runs a transaction.
  bool InTransaction() const;
  absl::Status Error(absl::string_view what) const;

  const std::string path_;
  sqlite3* const db_;
  // Held during a statement, and during a transaction by the thread that runs it, whose statements then pass.
  absl::Mutex transaction_mu_;
  std::atomic<std::thread::id> transaction_owner_{};
  // Statements that are not running, by their SQL. Touched only by who has the turn.
  std::map<std::string, sqlite3_stmt*, std::less<>> prepared_;
};

}  // namespace paranet

#endif  // PARANET_CORE_BASE_SQLITE_H_
