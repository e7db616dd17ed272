// What was decided about trust and policy at a node, for those who ask later.
#ifndef PARANET_CORE_NODE_AUDIT_LOG_H_
#define PARANET_CORE_NODE_AUDIT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/sqlite.h"
#include "paranet/v1/node.pb.h"

namespace paranet {

enum class AuditKind {
  // Decisions.
  kRolesGranted,
  kRolesRevoked,
  kRuleSet,
  kRuleRemoved,
  kRootAdded,
  kRootRemoved,
  kListAdopted,
  kBundleAdopted,
  kEnrolled,
  kRenewed,
  kPromoted,
  kFederated,
  kDefederated,
  kDeployed,
  kRolledBack,
  kUndeployed,
  kStopAsked,
  // What strangers and lost peers can cause at will.
  kPeerRefused,
  kControlRefused,
  kSessionClosed,
};

// The actor of what a node does by itself.
inline constexpr absl::string_view kAuditNode = "node";

// `roles-granted`, `peer-refused`.
absl::string_view AuditKindName(AuditKind kind);

// The table `audit` of the node's database (node_state.h). Thread-safe.
//
// Decisions are on disk when Record or Note returns. What others can cause at will (from kPeerRefused on) is counted in
// memory, the same again being one event with a number, and written at most every `pause`, at most 64 events a time; it
// cannot crowd out decisions, since each of the two has its own bound.
class AuditLog {
 public:
  struct Options {
    // Outlive this object.
    Database* database = nullptr;
    const Clock* clock = nullptr;
    Logger logger;
    // Events that are kept; the oldest go first.
    size_t max_decisions = 10'000;
    size_t max_refusals = 1'000;
    // How long after a write the next one of refusals waits, by the machine's clock.
    absl::Duration pause = absl::Seconds(10);
  };
  explicit AuditLog(Options options);
  // Writes what is still in memory.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // While it lives, `actor` is who makes this thread do what it does; not within another one.
  class Acting {
   public:
    Acting(AuditLog* audit, absl::string_view actor);
    ~Acting();
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;

   private:
    AuditLog* const audit_;
  };
  // Of this thread; kAuditNode if nobody makes it do anything.
  std::string actor() const;

  // `actor`: `uid:1000`, an identity URI, or kAuditNode. `subject`: whom or what it is about. Text is cut at 1 KiB, and
  // bytes that are not printable ASCII are escaped. Never a secret.
  //
  // Of a decision only; the event is part of the caller's transaction if there is one (Database::Transaction).
  absl::Status Record(AuditKind kind, absl::string_view actor, absl::string_view subject, absl::string_view detail);
  // The same of any kind for callers that have done what they tell of: an event that cannot be written goes to the log.
  // Does not wait for the disk unless it is a decision.
  void Note(AuditKind kind, absl::string_view actor, absl::string_view subject, absl::string_view detail);

  // Note of kPeerRefused: `refusal` as VerifyResult::ToStatus makes it (`certificate of X refused (EXPIRED): ...`), of
  // which the first half tells one refusal from another.
  void NoteRefusedPeer(const absl::Status& refusal);

  // Newest first, at most `limit` (0: 100, never more than 1000), with ids below `before_id` unless that is 0. What was
  // in memory is written first.
  absl::StatusOr<std::vector<v1::AuditEvent>> List(size_t limit, int64_t before_id);

 private:
  // Kind, actor, subject.
  using Key = std::tuple<AuditKind, std::string, std::string>;
  struct Pending {
    absl::Time at;
    std::string detail;
    uint32_t times = 0;
  };

  absl::Status Insert(AuditKind kind, absl::Time at, const std::string& actor, const std::string& subject,
                      const std::string& detail, uint32_t times);
  void Flush() ABSL_LOCKS_EXCLUDED(mu_);
  void WriteRefusals();

  const Options options_;
  // Held while refusals are written, so that List sees those that a write under way has taken.
  absl::Mutex flush_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  mutable absl::Mutex mu_;
  std::map<Key, Pending> pending_ ABSL_GUARDED_BY(mu_);
  // Of those that found no place in `pending_`.
  uint32_t more_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::thread::id, std::string> actors_ ABSL_GUARDED_BY(mu_);
  std::thread writer_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_AUDIT_LOG_H_
