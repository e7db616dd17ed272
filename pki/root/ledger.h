// The ledger of a Network Root: DIR/ledger.db, and DIR/ledger.mark, which remembers how far it had come.
#ifndef PARANET_PKI_ROOT_LEDGER_H_
#define PARANET_PKI_ROOT_LEDGER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "core/base/sqlite.h"
#include "pki/root/audit_trail.h"

namespace paranet::pki {

// Thread-safe; several processes may have the same ledger open.
class Ledger {
 public:
  // Opens DIR/ledger.db, or makes it; an older schema is brought up to date. Database::Open's errors; INVALID_ARGUMENT
  // if others than the owner have any right to the mark.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& dir);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // To read; to write, within Commit.
  Database& database() { return *database_; }

  // Runs `body`, which reads and writes the database and calls nothing else of this object, in a transaction together
  // with those of other threads that wait: one fsync for all of them. It may run on another thread, and a second time
  // after what it did has been undone. If it returns an error, what it did is undone, and that error is returned; the
  // others are not concerned. OK: it is on disk, and the mark has been set.
  absl::Status Commit(const std::function<absl::Status()>& body);
  // The same for each of several, in order; what became of each.
  std::vector<absl::Status> CommitEach(absl::Span<const std::function<absl::Status()>> bodies);

  // Reads everything. DATA_LOSS, saying what is wrong, unless the audit trail is whole and unaltered, has not fallen
  // behind the mark, and tells the same of certificates, revocations and tokens as their tables.
  absl::Status Check();

  // Grows with each change by this process or another one.
  absl::StatusOr<uint64_t> ChangeCounter();

 private:
  struct Item {
    const std::function<absl::Status()>* body;
    absl::Status result;
    bool done = false;
  };

  Ledger(std::unique_ptr<Database> database, int mark);
  // Waits until `own` is done, and returns nothing; or until this thread is the one to commit what it returns.
  std::vector<Item*> Take(const Item& own);
  // Runs all, in order, and says of each what became of it.
  void CommitAll(const std::vector<Item*>& items);
  // In a transaction: runs all, and remembers the head of the trail in `head`. Either none may fail, and the
  // transaction does if one does; or those that do are undone, each alone.
  absl::Status RunAll(const std::vector<Item*>& items, bool each_alone, AuditHead& head);
  absl::StatusOr<AuditHead> ReadMark();
  void WriteMark(const AuditHead& head);

  const std::unique_ptr<Database> database_;
  // File descriptor of the mark.
  const int mark_;

  absl::Mutex mu_;
  std::vector<Item*> queue_ ABSL_GUARDED_BY(mu_);
  // Whether a thread commits what it has taken from the queue.
  bool committing_ ABSL_GUARDED_BY(mu_) = false;

  std::atomic<uint64_t> own_changes_{0};
  absl::Mutex counter_mu_;
  int64_t data_version_ ABSL_GUARDED_BY(counter_mu_) = 0;
  uint64_t other_changes_ ABSL_GUARDED_BY(counter_mu_) = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_LEDGER_H_
