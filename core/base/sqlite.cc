#include "core/base/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "sqlite3.h"

namespace paranet {
namespace {

constexpr int kBusyTimeoutMs = 5'000;
constexpr int kHeaderBytes = 100;
constexpr size_t kMaxPrepared = 64;

absl::StatusCode CodeOf(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return absl::StatusCode::kAlreadyExists;
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_SHORT_READ:
      return absl::StatusCode::kDataLoss;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::Status Damaged(absl::string_view path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("the database ", path, " is damaged or is no database (", why,
                                          "): restore it from a backup, or move it away to begin with an empty one"));
}

// Makes the file if it is missing, so that it never exists with a wider mode; checks and narrows it if it is there.
absl::Status PrepareFile(const std::string& path) {
  // Never opens a file that is there: closing it again would drop the locks that this process has on it.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    close(fd);
    return absl::OkStatus();
  }
  struct stat info;
  if (errno != EEXIST || stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open the database ", path));
  }
  if (!S_ISREG(info.st_mode)) return Damaged(path, "it is no regular file");
  // SQLite itself takes a file of one byte for an empty one.
  if (info.st_size > 0 && info.st_size < kHeaderBytes) return Damaged(path, "it is shorter than a header");
  if ((info.st_mode & 0777u) == 0600u) return absl::OkStatus();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (chmod((path + suffix).c_str(), 0600) != 0 && errno != ENOENT) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the database ", path, suffix, " private"));
    }
  }
  return absl::OkStatus();
}

bool BindOne(sqlite3_stmt* statement, int index, const SqlValue& value) {
  int result = SQLITE_OK;
  if (const auto* number = std::get_if<int64_t>(&value)) {
    result = sqlite3_bind_int64(statement, index, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    // SQLITE_STATIC: the parameters outlive the statement.
    result = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    result = sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
  } else {
    result = sqlite3_bind_null(statement, index);
  }
  return result == SQLITE_OK;
}

SqlValue ColumnOf(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
      return bytes == nullptr ? std::string() : std::string(bytes, size);
    }
    default:
      return nullptr;
  }
}

}  // namespace

int64_t SqlRow::Int(size_t column) const {
  const auto* number = column < values_.size() ? std::get_if<int64_t>(&values_[column]) : nullptr;
  return number == nullptr ? 0 : *number;
}

const std::string& SqlRow::Text(size_t column) const {
  static const std::string& empty = *new std::string();
  const auto* text = column < values_.size() ? std::get_if<std::string>(&values_[column]) : nullptr;
  return text == nullptr ? empty : *text;
}

// Waits for the transaction of another thread; the thread that runs one passes.
class Database::Turn {
 public:
  explicit Turn(Database* database) : database_(database->InTransaction() ? nullptr : database) {
    if (database_ != nullptr) database_->transaction_mu_.Lock();
  }
  ~Turn() {
    if (database_ != nullptr) database_->transaction_mu_.Unlock();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Database* const database_;
};

bool Database::InTransaction() const {
  return transaction_owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         const std::vector<std::string>& migrations) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the path of a database is empty or has a zero byte in it");
  }
  // SQLite gives names such as ":memory:" and "file:" a meaning of their own, but no path with a slash.
  const std::string file = absl::StartsWith(path, "/") ? path : absl::StrCat("./", path);
  PARANET_RETURN_IF_ERROR(PrepareFile(file));
  sqlite3* db = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  if (db == nullptr) return absl::ResourceExhaustedError("no memory to open a database");
  std::unique_ptr<Database> database(new Database(path, db));
  if (opened != SQLITE_OK) return database->Error("opening");
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  PARANET_RETURN_IF_ERROR(database->CheckIntegrity());
  // Before the switch to WAL, so that a file that is not ours stays as it is.
  PARANET_RETURN_IF_ERROR(database->Migrate(migrations));
  PARANET_RETURN_IF_ERROR(database->Configure());
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

absl::Status Database::CheckIntegrity() {
  PARANET_RETURN_IF_ERROR(Execute("PRAGMA cell_size_check = ON"));
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, Query("PRAGMA quick_check(1)"));
  if (rows.size() == 1 && rows[0].Text(0) == "ok") return absl::OkStatus();
  return Damaged(path_, rows.empty() ? "no answer to the check" : rows[0].Text(0));
}

absl::Status Database::Configure() {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> mode, Query("PRAGMA journal_mode = WAL"));
  if (mode.size() != 1 || mode[0].Text(0) != "wal") {
    return absl::FailedPreconditionError(
        absl::StrCat("the file system of the database ", path_, " has no shared memory: put it on a local disk"));
  }
  return Execute("PRAGMA synchronous = FULL");
}

absl::Status Database::Migrate(const std::vector<std::string>& migrations) {
  const auto known = static_cast<int64_t>(migrations.size());
  while (true) {
    int64_t version = 0;
    absl::Status migrated = Transaction([&]() -> absl::Status {
      PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, Query("PRAGMA user_version"));
      version = rows.empty() ? 0 : rows[0].Int(0);
      if (version < 0 || version > known) {
        return absl::FailedPreconditionError(absl::StrCat("the database ", path_, " has schema version ", version,
                                                          " and this program knows ", known,
                                                          ": use the newer program that made it"));
      }
      if (version == known) return absl::OkStatus();
      const std::string& script = migrations[static_cast<size_t>(version)];
      if (sqlite3_exec(db_, script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return Error(absl::StrCat("migration ", version + 1));
      }
      if (sqlite3_get_autocommit(db_) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("migration ", version + 1, " of the database ", path_, " ends its transaction"));
      }
      return Execute(absl::StrCat("PRAGMA user_version = ", version + 1));
    });
    if (!migrated.ok() || version == known) return migrated;
  }
}

absl::Status Database::Execute(absl::string_view sql, const std::vector<SqlValue>& parameters) {
  return Run(sql, parameters, nullptr);
}

absl::StatusOr<std::vector<SqlRow>> Database::Query(absl::string_view sql, const std::vector<SqlValue>& parameters) {
  std::vector<SqlRow> rows;
  PARANET_RETURN_IF_ERROR(Run(sql, parameters, &rows));
  return rows;
}

absl::Status Database::Run(absl::string_view sql, const std::vector<SqlValue>& parameters, std::vector<SqlRow>* rows) {
  Turn turn(this);
  const bool in_transaction = InTransaction();
  if (in_transaction && sqlite3_get_autocommit(db_) != 0) {
    // SQLite has rolled back by itself (a full disk, an I/O error): what follows must not be committed alone.
    return absl::AbortedError(absl::StrCat("the transaction in the database ", path_, " has been rolled back"));
  }
  PARANET_ASSIGN_OR_RETURN(sqlite3_stmt * statement, Prepare(sql));
  const absl::Cleanup keep = [this, sql, statement] { Keep(sql, statement); };
  const auto wanted = static_cast<size_t>(sqlite3_bind_parameter_count(statement));
  if (wanted != parameters.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the SQL statement ", sql, " has ", wanted, " parameters, not ", parameters.size()));
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!BindOne(statement, static_cast<int>(i + 1), parameters[i])) return Error(sql);
  }
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
    if (rows == nullptr) continue;
    std::vector<SqlValue> values;
    const int columns = sqlite3_column_count(statement);
    values.reserve(static_cast<size_t>(columns));
    for (int column = 0; column < columns; ++column) values.push_back(ColumnOf(statement, column));
    rows->emplace_back(std::move(values));
  }
  if (step != SQLITE_DONE) return Error(sql);
  if (!in_transaction && sqlite3_get_autocommit(db_) == 0) {
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return absl::FailedPreconditionError(
        absl::StrCat("the SQL statement ", sql, " begins a transaction: use Transaction()"));
  }
  return absl::OkStatus();
}

absl::StatusOr<sqlite3_stmt*> Database::Prepare(absl::string_view sql) {
  if (const auto kept = prepared_.find(sql); kept != prepared_.end()) {
    sqlite3_stmt* statement = kept->second;
    prepared_.erase(kept);
    return statement;
  }
  if (sql.size() > 1'000'000) return absl::InvalidArgumentError("an SQL statement has more than 1,000,000 bytes");
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, &tail) != SQLITE_OK) {
    return Error(sql);
  }
  if (statement == nullptr) return absl::InvalidArgumentError("an SQL statement is empty");
  const absl::Status one = CheckTail(sql.substr(static_cast<size_t>(tail - sql.data())));
  if (one.ok()) return statement;
  sqlite3_finalize(statement);
  return one;
}

void Database::Keep(absl::string_view sql, sqlite3_stmt* statement) {
  // Some pragmas act when they are prepared. What a statement was bound to is about to go.
  if (prepared_.size() >= kMaxPrepared || absl::StartsWithIgnoreCase(sql, "PRAGMA") ||
      sqlite3_reset(statement) != SQLITE_OK || sqlite3_clear_bindings(statement) != SQLITE_OK ||
      !prepared_.emplace(std::string(sql), statement).second) {
    sqlite3_finalize(statement);
  }
}

absl::Status Database::CheckTail(absl::string_view tail) {
  sqlite3_stmt* more = nullptr;
  const int prepared = sqlite3_prepare_v2(db_, tail.data(), static_cast<int>(tail.size()), &more, nullptr);
  sqlite3_finalize(more);
  if (prepared == SQLITE_OK && more == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("more than one SQL statement at once: ", tail));
}

absl::Status Database::Transaction(const std::function<absl::Status()>& body) {
  if (InTransaction()) return absl::FailedPreconditionError("a transaction begins within another");
  absl::MutexLock lock(&transaction_mu_);
  if (sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) return Error("BEGIN");
  transaction_owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  absl::Cleanup end = [this] {
    transaction_owner_.store(std::thread::id(), std::memory_order_relaxed);
    if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  };
  PARANET_RETURN_IF_ERROR(body());
  if (sqlite3_get_autocommit(db_) != 0) {
    return absl::AbortedError(absl::StrCat("the transaction in the database ", path_, " has ended before its time"));
  }
  if (sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) return Error("COMMIT");
  return absl::OkStatus();
}

absl::Status Database::Error(absl::string_view what) const {
  const absl::StatusCode code = CodeOf(sqlite3_extended_errcode(db_));
  const char* why = sqlite3_errmsg(db_);
  if (code == absl::StatusCode::kDataLoss) return Damaged(path_, why);
  return absl::Status(code, absl::StrCat("the database ", path_, " refuses ", what, ": ", why));
}

}  // namespace paranet
