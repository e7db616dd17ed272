#include "core/node/audit_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"

namespace paranet {
namespace {

constexpr size_t kMaxText = 1024;
constexpr size_t kMaxPending = 64;
constexpr size_t kMaxListed = 1000;
constexpr size_t kListed = 100;

bool IsDecision(AuditKind kind) { return kind < AuditKind::kPeerRefused; }

std::string Clean(absl::string_view text) {
  std::string clean = absl::CHexEscape(text.substr(0, kMaxText));
  // Only what is no text grows.
  if (clean.size() > kMaxText) clean.resize(kMaxText);
  return clean;
}

}  // namespace

absl::string_view AuditKindName(AuditKind kind) {
  switch (kind) {
    case AuditKind::kRolesGranted:
      return "roles-granted";
    case AuditKind::kRolesRevoked:
      return "roles-revoked";
    case AuditKind::kRuleSet:
      return "rule-set";
    case AuditKind::kRuleRemoved:
      return "rule-removed";
    case AuditKind::kRootAdded:
      return "root-added";
    case AuditKind::kRootRemoved:
      return "root-removed";
    case AuditKind::kListAdopted:
      return "list-adopted";
    case AuditKind::kBundleAdopted:
      return "bundle-adopted";
    case AuditKind::kEnrolled:
      return "enrolled";
    case AuditKind::kRenewed:
      return "renewed";
    case AuditKind::kPromoted:
      return "promoted";
    case AuditKind::kFederated:
      return "federated";
    case AuditKind::kDefederated:
      return "defederated";
    case AuditKind::kDeployed:
      return "deployed";
    case AuditKind::kRolledBack:
      return "rolled-back";
    case AuditKind::kUndeployed:
      return "undeployed";
    case AuditKind::kStopAsked:
      return "stop-asked";
    case AuditKind::kPeerRefused:
      return "peer-refused";
    case AuditKind::kControlRefused:
      return "control-refused";
    case AuditKind::kSessionClosed:
      return "session-closed";
  }
  return "unknown";
}

AuditLog::AuditLog(Options options) : options_(std::move(options)), writer_([this] { WriteRefusals(); }) {}

AuditLog::~AuditLog() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  writer_.join();
  Flush();
}

AuditLog::Acting::Acting(AuditLog* audit, absl::string_view actor) : audit_(audit) {
  absl::MutexLock lock(&audit_->mu_);
  audit_->actors_[std::this_thread::get_id()] = std::string(actor);
}

AuditLog::Acting::~Acting() {
  absl::MutexLock lock(&audit_->mu_);
  audit_->actors_.erase(std::this_thread::get_id());
}

std::string AuditLog::actor() const {
  absl::MutexLock lock(&mu_);
  const auto found = actors_.find(std::this_thread::get_id());
  return found == actors_.end() ? std::string(kAuditNode) : found->second;
}

absl::Status AuditLog::Record(AuditKind kind, absl::string_view actor, absl::string_view subject,
                              absl::string_view detail) {
  return Insert(kind, options_.clock->Now(), Clean(actor), Clean(subject), Clean(detail), 1);
}

void AuditLog::Note(AuditKind kind, absl::string_view actor, absl::string_view subject, absl::string_view detail) {
  if (IsDecision(kind)) {
    if (const absl::Status status = Record(kind, actor, subject, detail); !status.ok()) {
      options_.logger->error("no audit event could be written of {}, {}, {}: {}", AuditKindName(kind), Clean(actor),
                             Clean(subject), status.ToString());
    }
    return;
  }
  Key key(kind, Clean(actor), Clean(subject));
  const absl::Time now = options_.clock->Now();
  absl::MutexLock lock(&mu_);
  const auto found = pending_.find(key);
  if (found == pending_.end() && pending_.size() >= kMaxPending) {
    ++more_;
    return;
  }
  Pending& pending = found == pending_.end() ? pending_[std::move(key)] : found->second;
  pending.at = now;
  pending.detail = Clean(detail);
  ++pending.times;
}

void AuditLog::NoteRefusedPeer(const absl::Status& refusal) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(refusal.message(), absl::MaxSplits(": ", 1));
  Note(AuditKind::kPeerRefused, kAuditNode, parts.first, parts.second);
}

absl::Status AuditLog::Insert(AuditKind kind, absl::Time at, const std::string& actor, const std::string& subject,
                              const std::string& detail, uint32_t times) {
  const bool decision = IsDecision(kind);
  PARANET_RETURN_IF_ERROR(options_.database->Execute(
      "INSERT INTO audit(at_unix_ms, actor, event, subject, detail, times, decision) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {absl::ToUnixMillis(at), actor, std::string(AuditKindName(kind)), subject, detail, int64_t{times},
       int64_t{decision}}));
  const size_t most = decision ? options_.max_decisions : options_.max_refusals;
  return options_.database->Execute(
      "DELETE FROM audit WHERE decision = ?1 AND id <= "
      "(SELECT id FROM audit WHERE decision = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
      {int64_t{decision}, static_cast<int64_t>(most)});
}

void AuditLog::Flush() {
  absl::MutexLock flush_lock(&flush_mu_);
  std::map<Key, Pending> pending;
  uint32_t more = 0;
  {
    absl::MutexLock lock(&mu_);
    pending.swap(pending_);
    std::swap(more, more_);
  }
  if (pending.empty()) return;
  const absl::Status status = options_.database->Transaction([&]() -> absl::Status {
    for (const auto& [key, what] : pending) {
      const auto& [kind, actor, subject] = key;
      PARANET_RETURN_IF_ERROR(Insert(kind, what.at, actor, subject, what.detail, what.times));
    }
    if (more == 0) return absl::OkStatus();
    return Insert(AuditKind::kPeerRefused, options_.clock->Now(), std::string(kAuditNode), "others",
                  "refusals and closed sessions of others in the same time, which were only counted", more);
  });
  if (!status.ok()) {
    options_.logger->error("{} audit events could not be written: {}", pending.size(), status.ToString());
  }
}

void AuditLog::WriteRefusals() {
  const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopping_ || !pending_.empty(); };
  while (true) {
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&due));
      if (stopping_) return;
    }
    Flush();
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(&stopping_), options_.pause);
  }
}

absl::StatusOr<std::vector<v1::AuditEvent>> AuditLog::List(size_t limit, int64_t before_id) {
  Flush();
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      options_.database->Query("SELECT id, at_unix_ms, actor, event, subject, detail, times FROM audit "
                               "WHERE ?1 <= 0 OR id < ?1 ORDER BY id DESC LIMIT ?2",
                               {before_id, static_cast<int64_t>(limit == 0 ? kListed : std::min(limit, kMaxListed))}));
  std::vector<v1::AuditEvent> events;
  for (const SqlRow& row : rows) {
    v1::AuditEvent& event = events.emplace_back();
    event.set_id(row.Int(0));
    event.set_at_unix_ms(row.Int(1));
    event.set_actor(row.Text(2));
    event.set_event(row.Text(3));
    event.set_subject(row.Text(4));
    event.set_detail(row.Text(5));
    event.set_times(static_cast<uint32_t>(row.Int(6)));
  }
  return events;
}

}  // namespace paranet
