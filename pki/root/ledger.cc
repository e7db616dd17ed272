#include "pki/root/ledger.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "openssl/sha.h"

namespace paranet::pki {
namespace {

// Certificates read at a time by Check.
constexpr int64_t kPage = 1024;
// Calls that share a transaction.
constexpr size_t kMaxBatch = 512;
// Pages in the write-ahead log after which they are moved to the database. Serials, keys and fingerprints are spread
// over all pages of their indexes: the longer the log, the more often has a page been written before it is moved.
constexpr int kLogPages = 4000;
// `NUMBER HASH` and the line's end: 20 digits, 64 digits.
constexpr size_t kMarkSize = 86;
constexpr size_t kMarkNumber = 20;

const std::vector<std::string>& Migrations() {
  static const auto* const kMigrations = new std::vector<std::string>{
      "CREATE TABLE root (fingerprint TEXT NOT NULL PRIMARY KEY, network TEXT NOT NULL);"
      "CREATE TABLE certificate ("
      "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  serial TEXT NOT NULL UNIQUE,"
      "  identity TEXT NOT NULL,"
      "  subject TEXT NOT NULL,"
      "  not_before INTEGER NOT NULL,"
      "  not_after INTEGER NOT NULL,"
      "  issued_at INTEGER NOT NULL,"
      "  fingerprint TEXT NOT NULL UNIQUE,"
      "  der BLOB NOT NULL);"
      "CREATE INDEX certificate_identity ON certificate (identity);",

      // Columns whose names end in `audit` are numbers of the audit trail. RootState fills in what an older ledger does
      // not have.
      "ALTER TABLE certificate ADD COLUMN issuer TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE certificate ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE certificate ADD COLUMN key TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE certificate ADD COLUMN audit INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE certificate ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE certificate ADD COLUMN revoked_at INTEGER;"
      "ALTER TABLE certificate ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE certificate ADD COLUMN revoked_audit INTEGER NOT NULL DEFAULT 0;"
      "CREATE INDEX certificate_key ON certificate (key);"
      "CREATE INDEX certificate_revoked ON certificate (issuer) WHERE revoked_at IS NOT NULL;"
      "CREATE TABLE state ("
      "  one INTEGER PRIMARY KEY CHECK (one = 1),"
      "  revision INTEGER NOT NULL,"
      "  prepared INTEGER NOT NULL);"
      "INSERT INTO state (one, revision, prepared) VALUES (1, 1, 0);"
      "CREATE TABLE authority ("
      "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  fingerprint TEXT NOT NULL UNIQUE,"
      "  issuer TEXT NOT NULL,"
      "  state TEXT NOT NULL,"
      "  stem TEXT NOT NULL UNIQUE,"
      "  der BLOB NOT NULL);"
      "CREATE TABLE revocation_list ("
      "  fingerprint TEXT NOT NULL PRIMARY KEY,"
      "  number INTEGER NOT NULL,"
      "  this_update INTEGER NOT NULL,"
      "  next_update INTEGER NOT NULL,"
      "  der BLOB NOT NULL);"
      "CREATE TABLE token ("
      "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  id TEXT NOT NULL UNIQUE,"
      "  secret_hash TEXT NOT NULL UNIQUE,"
      "  node TEXT NOT NULL,"
      "  endpoint TEXT NOT NULL,"
      "  created_at INTEGER NOT NULL,"
      "  expires_at INTEGER NOT NULL,"
      "  used_at INTEGER,"
      "  revoked_at INTEGER,"
      "  serial TEXT NOT NULL DEFAULT '',"
      "  audit INTEGER NOT NULL);"
      "CREATE TABLE acknowledgement (identity TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL);"
      "CREATE TABLE audit ("
      "  number INTEGER PRIMARY KEY,"
      "  at INTEGER NOT NULL,"
      "  actor TEXT NOT NULL,"
      "  event TEXT NOT NULL,"
      "  subject TEXT NOT NULL,"
      "  detail TEXT NOT NULL,"
      "  hash TEXT NOT NULL);"};
  return *kMigrations;
}

absl::StatusOr<int> OpenMark(const std::string& dir) {
  const std::string path = dir + "/ledger.mark";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  const absl::Status is_private = CheckPrivate(path);
  if (is_private.ok()) return fd;
  close(fd);
  return is_private;
}

absl::Status Contradiction(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the audit trail and ", what, " contradict each other"));
}

// That the tables say what the trail says. Each statement sees one moment, whatever others do meanwhile.
absl::Status CheckTables(Database& database) {
  PARANET_ASSIGN_OR_RETURN(
      std::vector<SqlRow> rows,
      database.Query("SELECT c.serial FROM certificate AS c LEFT JOIN audit AS a ON a.number = c.audit WHERE "
                     "a.number IS NULL OR a.event NOT IN ('issue', 'enrol', 'renew', 'authority') OR "
                     "a.subject != CASE c.identity WHEN '' THEN c.subject ELSE c.identity END OR "
                     "a.detail != c.serial || ' ' || c.not_before || ' ' || c.not_after || ' ' || c.fingerprint "
                     "LIMIT 1"));
  if (!rows.empty()) return Contradiction(absl::StrCat("certificate ", rows[0].Text(0)));
  PARANET_ASSIGN_OR_RETURN(
      rows, database.Query("SELECT c.serial FROM certificate AS c LEFT JOIN audit AS a ON a.number = c.revoked_audit "
                           "WHERE c.revoked_at IS NOT NULL AND (a.number IS NULL OR a.event != 'revoke' OR "
                           "a.detail != c.serial || ' ' || c.reason) LIMIT 1"));
  if (!rows.empty()) return Contradiction(absl::StrCat("the revocation of ", rows[0].Text(0)));
  PARANET_ASSIGN_OR_RETURN(
      rows, database.Query("SELECT t.id FROM token AS t LEFT JOIN audit AS a ON a.number = t.audit WHERE "
                           "a.number IS NULL OR a.event != 'token-create' OR a.subject != t.id OR a.detail != "
                           "t.node || ' ' || t.endpoint || ' ' || t.expires_at || ' ' || t.secret_hash LIMIT 1"));
  if (!rows.empty()) return Contradiction(absl::StrCat("join token ", rows[0].Text(0)));
  PARANET_ASSIGN_OR_RETURN(
      rows,
      database.Query(
          "SELECT (SELECT COUNT(*) FROM certificate), (SELECT COUNT(*) FROM certificate WHERE revoked_at IS NOT NULL),"
          "(SELECT COUNT(*) FROM token), (SELECT COUNT(*) FROM token WHERE used_at IS NOT NULL),"
          "(SELECT COUNT(*) FROM token WHERE revoked_at IS NOT NULL),"
          "SUM(event IN ('issue', 'enrol', 'renew', 'authority')), SUM(event = 'revoke'), SUM(event = 'token-create'),"
          "SUM(event = 'enrol'), SUM(event = 'token-revoke') FROM audit"));
  const char* const kinds[] = {"the number of certificates", "the number of revocations", "the number of join tokens",
                               "the number of used join tokens", "the number of revoked join tokens"};
  for (size_t i = 0; i < std::size(kinds); ++i) {
    if (rows.empty() || rows[0].Int(i) != rows[0].Int(i + std::size(kinds))) return Contradiction(kinds[i]);
  }
  return absl::OkStatus();
}

// That each certificate is the one of its fingerprint.
absl::Status CheckCertificates(Database& database) {
  int64_t last = 0;
  while (true) {
    PARANET_ASSIGN_OR_RETURN(
        const std::vector<SqlRow> rows,
        database.Query("SELECT number, serial, fingerprint, der FROM certificate WHERE number > ? ORDER BY number "
                       "LIMIT ?",
                       {last, kPage}));
    for (const SqlRow& row : rows) {
      last = row.Int(0);
      const std::string& der = row.Text(3);
      uint8_t digest[SHA256_DIGEST_LENGTH];
      SHA256(reinterpret_cast<const uint8_t*>(der.data()), der.size(), digest);
      if (row.Text(2) !=
          absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)))) {
        return Contradiction(absl::StrCat("the content of certificate ", row.Text(1)));
      }
    }
    if (rows.size() < size_t{kPage}) return absl::OkStatus();
  }
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Database> database, int mark) : database_(std::move(database)), mark_(mark) {}

Ledger::~Ledger() { close(mark_); }

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(const std::string& dir) {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(dir + "/ledger.db", Migrations()));
  PARANET_RETURN_IF_ERROR(database->Execute(absl::StrCat("PRAGMA wal_autocheckpoint = ", kLogPages)));
  PARANET_ASSIGN_OR_RETURN(const int mark, OpenMark(dir));
  return std::unique_ptr<Ledger>(new Ledger(std::move(database), mark));
}

absl::Status Ledger::Commit(const std::function<absl::Status()>& body) {
  return CommitEach(absl::MakeConstSpan(&body, 1)).front();
}

std::vector<absl::Status> Ledger::CommitEach(absl::Span<const std::function<absl::Status()>> bodies) {
  if (bodies.empty()) return {};
  std::vector<Item> items;
  items.reserve(bodies.size());
  for (const auto& body : bodies) items.push_back({.body = &body, .result = absl::OkStatus()});
  {
    absl::MutexLock lock(&mu_);
    for (Item& item : items) queue_.push_back(&item);
  }
  // The queue is served in order: once the last is done, all are.
  while (true) {
    const std::vector<Item*> batch = Take(items.back());
    if (batch.empty()) break;
    CommitAll(batch);
    absl::MutexLock lock(&mu_);
    committing_ = false;
    for (Item* served : batch) served->done = true;
  }
  std::vector<absl::Status> results;
  results.reserve(items.size());
  for (Item& item : items) results.push_back(std::move(item.result));
  return results;
}

std::vector<Ledger::Item*> Ledger::Take(const Item& own) {
  absl::MutexLock lock(&mu_);
  const auto done_or_free = [this, &own]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return own.done || !committing_; };
  mu_.Await(absl::Condition(&done_or_free));
  if (own.done) return {};
  committing_ = true;
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kMaxBatch));
  std::vector<Item*> batch(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return batch;
}

absl::Status Ledger::RunAll(const std::vector<Item*>& items, bool each_alone, AuditHead& head) {
  for (Item* item : items) {
    if (each_alone) PARANET_RETURN_IF_ERROR(database_->Execute("SAVEPOINT item"));
    item->result = (*item->body)();
    if (!each_alone) {
      PARANET_RETURN_IF_ERROR(item->result);
      continue;
    }
    if (!item->result.ok()) PARANET_RETURN_IF_ERROR(database_->Execute("ROLLBACK TO item"));
    PARANET_RETURN_IF_ERROR(database_->Execute("RELEASE item"));
  }
  PARANET_ASSIGN_OR_RETURN(head, ReadAuditHead(*database_));
  return absl::OkStatus();
}

void Ledger::CommitAll(const std::vector<Item*>& items) {
  AuditHead head;
  // Hardly ever does one fail, and savepoints are not free.
  absl::Status committed = database_->Transaction([&] { return RunAll(items, /*each_alone=*/false, head); });
  const auto failed = [](const Item* item) { return !item->result.ok(); };
  if (!committed.ok() && items.size() > 1 && absl::c_any_of(items, failed)) {
    committed = database_->Transaction([&] { return RunAll(items, /*each_alone=*/true, head); });
  }
  if (committed.ok()) {
    WriteMark(head);
    own_changes_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  for (Item* item : items) {
    if (item->result.ok()) item->result = committed;
  }
}

absl::Status Ledger::Check() {
  // The mark first: what it says is in the ledger by then.
  PARANET_ASSIGN_OR_RETURN(const AuditHead mark, ReadMark());
  PARANET_RETURN_IF_ERROR(CheckAudit(*database_, mark));
  PARANET_RETURN_IF_ERROR(CheckTables(*database_));
  return CheckCertificates(*database_);
}

absl::StatusOr<uint64_t> Ledger::ChangeCounter() {
  absl::MutexLock lock(&counter_mu_);
  // Changes when another connection, and not when this one, has changed the file.
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, database_->Query("PRAGMA data_version"));
  const int64_t version = rows.empty() ? 0 : rows[0].Int(0);
  if (version != data_version_) {
    data_version_ = version;
    ++other_changes_;
  }
  return other_changes_ + own_changes_.load(std::memory_order_relaxed);
}

absl::StatusOr<AuditHead> Ledger::ReadMark() {
  std::string text(kMarkSize + 1, '\0');
  // Another process may be writing it.
  if (flock(mark_, LOCK_SH) != 0) return absl::ErrnoToStatus(errno, "cannot lock ledger.mark");
  const ssize_t got = pread(mark_, text.data(), text.size(), 0);
  flock(mark_, LOCK_UN);
  if (got < 0) return absl::ErrnoToStatus(errno, "cannot read ledger.mark");
  // It was never written: this directory is from before there were marks, or is being made.
  if (got == 0) return AuditHead{.number = 0, .hash = ""};
  AuditHead mark;
  if (got != static_cast<ssize_t>(kMarkSize) || !absl::SimpleAtoi(text.substr(0, kMarkNumber), &mark.number)) {
    return absl::DataLossError(
        "ledger.mark is damaged: remove it if you are certain that ledger.db is the newest there is");
  }
  mark.hash = text.substr(kMarkNumber + 1, kMarkSize - kMarkNumber - 2);
  return mark;
}

void Ledger::WriteMark(const AuditHead& head) {
  // Not synced: it is there to find out a file that was put back, not a crash; and one that lags behind does no harm.
  const std::string text = absl::StrFormat("%020d %s\n", head.number, head.hash);
  if (flock(mark_, LOCK_EX) != 0) return;
  const absl::Cleanup unlock = [this] { flock(mark_, LOCK_UN); };
  if (pwrite(mark_, text.data(), text.size(), 0) < 0) return;
}

}  // namespace paranet::pki
