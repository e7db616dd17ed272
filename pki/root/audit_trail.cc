#include "pki/root/audit_trail.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "openssl/sha.h"

namespace paranet::pki {
namespace {

constexpr size_t kPage = 4096;

std::string NoHash() { return std::string(2 * size_t{SHA256_DIGEST_LENGTH}, '0'); }

std::string HashOf(absl::string_view before, uint64_t number, const AuditEvent& event) {
  std::string text;
  for (const std::string& field :
       {std::string(before), absl::StrCat(number), absl::StrCat(absl::ToUnixSeconds(event.time)), event.actor,
        event.event, event.subject, event.detail}) {
    absl::StrAppend(&text, field.size(), ":", field);
  }
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

absl::Status Altered(uint64_t number, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("event ", number, " of the audit trail ", what));
}

}  // namespace

absl::StatusOr<AuditHead> AppendAudit(Database& ledger, const AuditEvent& event) {
  PARANET_ASSIGN_OR_RETURN(const AuditHead before, ReadAuditHead(ledger));
  AuditHead head{.number = before.number + 1, .hash = HashOf(before.hash, before.number + 1, event)};
  PARANET_RETURN_IF_ERROR(
      ledger.Execute("INSERT INTO audit (number, at, actor, event, subject, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
                     {static_cast<int64_t>(head.number), absl::ToUnixSeconds(event.time), event.actor, event.event,
                      event.subject, event.detail, head.hash}));
  return head;
}

absl::StatusOr<AuditHead> ReadAuditHead(Database& ledger) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"));
  if (rows.empty()) return AuditHead{.number = 0, .hash = NoHash()};
  return AuditHead{.number = static_cast<uint64_t>(rows[0].Int(0)), .hash = rows[0].Text(1)};
}

absl::StatusOr<std::vector<AuditEvent>> ReadAudit(Database& ledger, uint64_t after, size_t limit) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query("SELECT number, at, actor, event, subject, detail, hash FROM audit "
                                        "WHERE number > ? ORDER BY number LIMIT ?",
                                        {static_cast<int64_t>(after), static_cast<int64_t>(limit)}));
  std::vector<AuditEvent> events;
  events.reserve(rows.size());
  for (const SqlRow& row : rows) {
    events.push_back({.number = static_cast<uint64_t>(row.Int(0)),
                      .time = absl::FromUnixSeconds(row.Int(1)),
                      .actor = row.Text(2),
                      .event = row.Text(3),
                      .subject = row.Text(4),
                      .detail = row.Text(5),
                      .hash = row.Text(6)});
  }
  return events;
}

absl::Status CheckAudit(Database& ledger, const AuditHead& mark) {
  AuditHead head{.number = 0, .hash = NoHash()};
  while (true) {
    PARANET_ASSIGN_OR_RETURN(const std::vector<AuditEvent> events, ReadAudit(ledger, head.number, kPage));
    for (const AuditEvent& event : events) {
      if (event.number != head.number + 1) return Altered(head.number + 1, "is missing");
      if (event.hash != HashOf(head.hash, event.number, event)) return Altered(event.number, "has been altered");
      if (event.number == mark.number && event.hash != mark.hash) {
        return Altered(event.number, "is not the one that was recorded");
      }
      head = {.number = event.number, .hash = event.hash};
    }
    if (events.size() < kPage) break;
  }
  if (head.number < mark.number) {
    return absl::DataLossError(absl::StrCat("the audit trail ends with event ", head.number, ", and ", mark.number,
                                            " events have been recorded: this is an older copy"));
  }
  return absl::OkStatus();
}

}  // namespace paranet::pki
