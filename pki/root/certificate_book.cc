#include "pki/root/certificate_book.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/status.h"
#include "openssl/sha.h"
#include "pki/identity.h"

namespace paranet::pki {
namespace {

constexpr char kColumns[] =
    "SELECT serial, identity, subject, not_before, not_after, issued_at, fingerprint, issuer, revision, revoked_at, "
    "reason, superseded FROM certificate ";
constexpr size_t kMaxTarget = 256;

RevocationReason ReasonOf(const std::string& name) {
  return ParseRevocationReason(name).value_or(RevocationReason::kUnspecified);
}

CertificateEntry EntryOf(const SqlRow& row) {
  CertificateEntry entry{.serial = row.Text(0),
                         .identity = row.Text(1),
                         .subject = row.Text(2),
                         .not_before = absl::FromUnixSeconds(row.Int(3)),
                         .not_after = absl::FromUnixSeconds(row.Int(4)),
                         .issued_at = absl::FromUnixSeconds(row.Int(5)),
                         .fingerprint = row.Text(6),
                         .issuer = row.Text(7),
                         .revision = static_cast<uint64_t>(row.Int(8)),
                         .revoked_at = std::nullopt,
                         .reason = ReasonOf(row.Text(10)),
                         .superseded = row.Int(11) != 0};
  // 0, as SqlRow has it for NULL, is before there was any of this.
  if (row.Int(9) != 0) entry.revoked_at = absl::FromUnixSeconds(row.Int(9));
  return entry;
}

absl::StatusOr<std::vector<CertificateEntry>> Select(Database& ledger, absl::string_view where,
                                                     const std::vector<SqlValue>& parameters) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query(absl::StrCat(kColumns, where, " ORDER BY number"), parameters));
  std::vector<CertificateEntry> entries;
  entries.reserve(rows.size());
  for (const SqlRow& row : rows) entries.push_back(EntryOf(row));
  return entries;
}

}  // namespace

absl::Status RecordCertificate(Database& ledger, const Certificate& certificate, absl::string_view identity,
                               absl::string_view issuer, uint64_t revision, absl::Time now, uint64_t audit) {
  return ledger.Execute(
      "INSERT INTO certificate (serial, identity, subject, not_before, not_after, issued_at, fingerprint, der, issuer, "
      "revision, key, audit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {certificate.serial(), std::string(identity), certificate.subject(),
       absl::ToUnixSeconds(certificate.not_before()), absl::ToUnixSeconds(certificate.not_after()),
       absl::ToUnixSeconds(now), certificate.fingerprint(), Blob{certificate.ToDer()}, std::string(issuer),
       static_cast<int64_t>(revision), KeyHash(certificate.public_key()), static_cast<int64_t>(audit)});
}

absl::StatusOr<std::vector<CertificateEntry>> ListCertificates(Database& ledger) { return Select(ledger, "", {}); }

absl::StatusOr<std::vector<CertificateEntry>> FindCertificates(Database& ledger, const std::string& network,
                                                               absl::string_view target) {
  target = absl::StripAsciiWhitespace(target);
  const std::string quoted = absl::StrCat("\"", absl::CHexEscape(target.substr(0, kMaxTarget)), "\"");
  std::string column = "identity";
  std::string wanted(target);
  if (absl::StrContains(target, "://")) {
    PARANET_RETURN_IF_ERROR(Identity::Parse(target).status());
  } else if (absl::StrContains(target, '/')) {
    wanted = absl::StrCat("paranet://", network, "/", target);
    PARANET_RETURN_IF_ERROR(Identity::Parse(wanted).status());
  } else {
    // As other tools print it: `8F:01` and `8F01`.
    wanted = absl::AsciiStrToLower(absl::StrReplaceAll(target, {{":", ""}}));
    if (wanted.empty() || wanted.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(quoted,
                       " names no certificate: give a serial or a fingerprint (hexadecimal), an identity "
                       "(paranet://NETWORK/node/NAME) or ROLE/NAME"));
    }
    column = wanted.size() == 2 * size_t{SHA256_DIGEST_LENGTH} ? "fingerprint" : "serial";
  }
  PARANET_ASSIGN_OR_RETURN(std::vector<CertificateEntry> entries,
                           Select(ledger, absl::StrCat("WHERE ", column, " = ?"), {wanted}));
  if (entries.empty()) {
    return absl::NotFoundError(absl::StrCat("this Network Root has issued no certificate with the ", column, " ",
                                            quoted, ": see paranet root ls"));
  }
  return entries;
}

absl::StatusOr<std::optional<CertificateEntry>> FindCertificate(Database& ledger, const Certificate& certificate) {
  PARANET_ASSIGN_OR_RETURN(std::vector<CertificateEntry> entries,
                           Select(ledger, "WHERE fingerprint = ?", {certificate.fingerprint()}));
  if (entries.empty()) return std::nullopt;
  return std::move(entries.front());
}

absl::StatusOr<Certificate> ReadCertificateWithSerial(Database& ledger, absl::string_view serial) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query("SELECT der FROM certificate WHERE serial = ?", {std::string(serial)}));
  if (rows.empty()) {
    return absl::NotFoundError(absl::StrCat("this Network Root has issued no certificate with the serial ",
                                            absl::CHexEscape(serial.substr(0, kMaxTarget))));
  }
  return Certificate::FromDer(rows[0].Text(0));
}

absl::StatusOr<bool> IsKeyKnown(Database& ledger, absl::string_view public_key) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger.Query("SELECT 1 FROM certificate WHERE key = ? LIMIT 1", {KeyHash(public_key)}));
  return !rows.empty();
}

absl::Status MarkRevoked(Database& ledger, absl::string_view serial, RevocationReason reason, absl::Time now,
                         uint64_t audit) {
  return ledger.Execute("UPDATE certificate SET revoked_at = ?, reason = ?, revoked_audit = ? WHERE serial = ?",
                        {absl::ToUnixSeconds(now), std::string(RevocationReasonName(reason)),
                         static_cast<int64_t>(audit), std::string(serial)});
}

absl::Status MarkSuperseded(Database& ledger, absl::string_view serial) {
  return ledger.Execute(
      "UPDATE certificate SET superseded = 1 WHERE superseded = 0 AND "
      "identity = (SELECT identity FROM certificate WHERE serial = ?1) AND "
      "number < (SELECT number FROM certificate WHERE serial = ?1)",
      {std::string(serial)});
}

absl::StatusOr<std::vector<RevokedSerial>> ListRevoked(Database& ledger, absl::string_view issuer, absl::Time since) {
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      ledger.Query("SELECT serial, revoked_at, reason FROM certificate WHERE issuer = ? AND revoked_at IS NOT NULL AND "
                   "not_after >= ? ORDER BY number",
                   {std::string(issuer), absl::ToUnixSeconds(since)}));
  std::vector<RevokedSerial> revoked;
  revoked.reserve(rows.size());
  for (const SqlRow& row : rows) {
    revoked.push_back(
        {.serial = row.Text(0), .revoked_at = absl::FromUnixSeconds(row.Int(1)), .reason = ReasonOf(row.Text(2))});
  }
  return revoked;
}

std::string KeyHash(absl::string_view public_key) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(public_key.data()), public_key.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string CertificateDetail(const Certificate& certificate) {
  return absl::StrCat(certificate.serial(), " ", absl::ToUnixSeconds(certificate.not_before()), " ",
                      absl::ToUnixSeconds(certificate.not_after()), " ", certificate.fingerprint());
}

}  // namespace paranet::pki
