// The certificates in a Network Root's ledger: every one that was ever issued.
//
// All functions take the ledger's database; those that write are to be called in a transaction.
#ifndef PARANET_PKI_ROOT_CERTIFICATE_BOOK_H_
#define PARANET_PKI_ROOT_CERTIFICATE_BOOK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"
#include "pki/certificate.h"
#include "pki/revocation_list.h"

namespace paranet::pki {

// A line of the ledger.
struct CertificateEntry {
  // Hexadecimal.
  std::string serial;
  // The URI; empty for root and issuing authority.
  std::string identity;
  std::string subject;
  absl::Time not_before;
  absl::Time not_after;
  absl::Time issued_at;
  // Of the certificate, SHA-256, hexadecimal.
  std::string fingerprint;
  // Fingerprint of the authority that issued it; its own for a root.
  std::string issuer;
  // Revision of the trust bundle that went out with it.
  uint64_t revision = 0;
  std::optional<absl::Time> revoked_at;
  RevocationReason reason = RevocationReason::kUnspecified;
  // Its holder has since shown a newer certificate of the same identity.
  bool superseded = false;
};

// `audit`: number of the event of the audit trail that tells of it. ALREADY_EXISTS if serial or fingerprint are there.
absl::Status RecordCertificate(Database& ledger, const Certificate& certificate, absl::string_view identity,
                               absl::string_view issuer, uint64_t revision, absl::Time now, uint64_t audit);

// In the order of issue.
absl::StatusOr<std::vector<CertificateEntry>> ListCertificates(Database& ledger);
// `target`: a serial, a fingerprint, an identity URI, or `ROLE/NAME` in `network`. NOT_FOUND; INVALID_ARGUMENT.
absl::StatusOr<std::vector<CertificateEntry>> FindCertificates(Database& ledger, const std::string& network,
                                                               absl::string_view target);
// The entry of exactly this certificate; none if it was not issued here.
absl::StatusOr<std::optional<CertificateEntry>> FindCertificate(Database& ledger, const Certificate& certificate);
// NOT_FOUND.
absl::StatusOr<Certificate> ReadCertificateWithSerial(Database& ledger, absl::string_view serial);
// Whether a certificate for this key (DER SubjectPublicKeyInfo) was ever issued.
absl::StatusOr<bool> IsKeyKnown(Database& ledger, absl::string_view public_key);

absl::Status MarkRevoked(Database& ledger, absl::string_view serial, RevocationReason reason, absl::Time now,
                         uint64_t audit);
// Earlier certificates than `serial` of the same identity.
absl::Status MarkSuperseded(Database& ledger, absl::string_view serial);
// What belongs on a list of `issuer`: the revoked ones that had not expired at `since`.
absl::StatusOr<std::vector<RevokedSerial>> ListRevoked(Database& ledger, absl::string_view issuer, absl::Time since);

// The key by which IsKeyKnown looks: SHA-256, hexadecimal.
std::string KeyHash(absl::string_view public_key);

// As AuditEvent::detail has it.
std::string CertificateDetail(const Certificate& certificate);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_CERTIFICATE_BOOK_H_
