#include "pki/root/rotation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"

namespace paranet::pki {
namespace {

constexpr size_t kSpelledOut = 20;

// Leaves in force; the enrolment service is part of the Network Root and follows by itself.
constexpr char kInForce[] =
    "identity != '' AND identity NOT LIKE 'paranet://%/root/%' AND not_after >= ? AND revoked_at IS NULL ";

std::string Utc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace

const char* RotationStageName(RotationStatus::Stage stage) {
  switch (stage) {
    case RotationStatus::Stage::kNone:
      return "none";
    case RotationStatus::Stage::kPrepared:
      return "prepared";
    case RotationStatus::Stage::kActivated:
      return "activated";
  }
  return "";
}

absl::Status RecordAcknowledgement(Database& ledger, const std::string& identity, uint64_t revision) {
  return ledger.Execute(
      "INSERT INTO acknowledgement (identity, revision) VALUES (?1, ?2) "
      "ON CONFLICT (identity) DO UPDATE SET revision = MAX(revision, ?2)",
      {identity, static_cast<int64_t>(revision)});
}

absl::StatusOr<std::vector<RotationStatus::NotReady>> NotReadyToActivate(Database& ledger, uint64_t revision,
                                                                         absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      ledger.Query(absl::StrCat("SELECT leaf.identity, COALESCE(known.revision, 0) AS acknowledged, leaf.until FROM "
                                "(SELECT identity, MAX(revision) AS revision, MAX(not_after) AS until FROM certificate "
                                "WHERE ",
                                kInForce,
                                "GROUP BY identity) AS leaf LEFT JOIN acknowledgement AS known ON known.identity = "
                                "leaf.identity WHERE leaf.revision < ? AND acknowledged < ? ORDER BY leaf.identity"),
                   {absl::ToUnixSeconds(now), static_cast<int64_t>(revision), static_cast<int64_t>(revision)}));
  std::vector<RotationStatus::NotReady> not_ready;
  for (const SqlRow& row : rows) {
    not_ready.push_back(
        {.identity = row.Text(0),
         .why =
             absl::StrCat(row.Int(1) == 0 ? "has never told which roots it trusts" : "has not yet taken the new root",
                          "; its certificate is valid until ", Utc(absl::FromUnixSeconds(row.Int(2))))});
  }
  return not_ready;
}

absl::StatusOr<std::vector<RotationStatus::NotReady>> NotReadyToRetire(Database& ledger,
                                                                       const std::vector<std::string>& authorities,
                                                                       absl::Time now) {
  std::vector<SqlValue> parameters = {absl::ToUnixSeconds(now)};
  for (const std::string& authority : authorities) parameters.emplace_back(authority);
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      ledger.Query(absl::StrCat("SELECT identity, serial, MAX(not_after) FROM certificate WHERE ", kInForce,
                                "AND superseded = 0 AND issuer IN (",
                                absl::StrJoin(std::vector<std::string>(authorities.size(), "?"), ", "),
                                ") GROUP BY identity ORDER BY identity"),
                   parameters));
  std::vector<RotationStatus::NotReady> not_ready;
  for (const SqlRow& row : rows) {
    not_ready.push_back(
        {.identity = row.Text(0),
         .why = absl::StrCat("has not replaced its certificate ", row.Text(1),
                             " below the old root, which is valid until ", Utc(absl::FromUnixSeconds(row.Int(2))))});
  }
  return not_ready;
}

absl::Status RefuseNotReady(const std::string& what, const std::vector<RotationStatus::NotReady>& not_ready) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::min(not_ready.size(), kSpelledOut); ++i) {
    parts.push_back(absl::StrCat(not_ready[i].identity, " ", not_ready[i].why));
  }
  if (not_ready.size() > kSpelledOut) parts.push_back(absl::StrCat("and ", not_ready.size() - kSpelledOut, " more"));
  return absl::FailedPreconditionError(
      absl::StrCat("cannot ", what, " yet, ", not_ready.size(), not_ready.size() == 1 ? " is" : " are", " not ready: ",
                   absl::StrJoin(parts, "; "), " (wait, issue a new certificate, or revoke the one that nobody uses)"));
}

}  // namespace paranet::pki
