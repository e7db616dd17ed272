// Certificate revocation lists (RFC 5280 section 5) as values.
#ifndef PARANET_PKI_REVOCATION_LIST_H_
#define PARANET_PKI_REVOCATION_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/private_key.h"

namespace paranet::pki {

// Why a certificate was revoked (section 5.3.1); kUnspecified is not written.
enum class RevocationReason {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kCaCompromise = 2,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kCertificateHold = 6,
  kRemoveFromCrl = 8,
  kPrivilegeWithdrawn = 9,
  kAaCompromise = 10,
};

// `keyCompromise`.
absl::string_view RevocationReasonName(RevocationReason reason);
absl::StatusOr<RevocationReason> ParseRevocationReason(absl::string_view name);

struct RevokedSerial {
  // As Certificate::serial() writes it.
  std::string serial;
  absl::Time revoked_at;
  RevocationReason reason = RevocationReason::kUnspecified;
};

// One complete list. Immutable and thread-safe; copies share it. That there is one says nothing about trust.
class RevocationList {
 public:
  // One whole list of version 2 in DER, at most 16 MiB. INVALID_ARGUMENT, saying what is wrong: two signature
  // algorithms (section 5.1.1.2), an extension that comes twice or that cannot be decoded, a critical extension that is
  // unknown here, a delta list, an indirect one, one that covers only some certificates (issuingDistributionPoint), a
  // serial that comes twice, no cRLNumber or a critical one (5.2.3).
  static absl::StatusOr<RevocationList> FromDer(absl::string_view der);
  // Exactly one `X509 CRL` block (RFC 7468).
  static absl::StatusOr<RevocationList> FromPem(absl::string_view pem);

  const std::string& ToDer() const;
  std::string ToPem() const;

  // SHA-256 of the DER form, hexadecimal.
  const std::string& fingerprint() const;
  const std::string& issuer() const;
  const std::string& issuer_der() const;
  // keyIdentifier of authorityKeyIdentifier: bytes, or empty.
  const std::string& authority_key_id() const;
  // cRLNumber (section 5.2.3), lower-case hexadecimal without leading zeros.
  const std::string& number() const;
  absl::Time this_update() const;
  // InfiniteFuture if there is none.
  absl::Time next_update() const;

  // Null if `serial` is not on the list. Constant time in the size of the list.
  const RevokedSerial* Find(absl::string_view serial) const;
  // In the order of the list.
  const std::vector<RevokedSerial>& entries() const;

  // Whether `authority` is by name and key identifier the one that issued the list, may sign lists (an authority whose
  // keyUsage, if it has one, says cRLSign: section 6.3.3 (f)), and has signed it (ECDSA P-256 with SHA-256).
  [[nodiscard]] bool IsSignedBy(const Certificate& authority) const;
  // Whether this one's number is higher than that of `other`.
  [[nodiscard]] bool IsNewerThan(const RevocationList& other) const;

  friend bool operator==(const RevocationList& a, const RevocationList& b) { return a.ToDer() == b.ToDer(); }

 private:
  struct Data;
  explicit RevocationList(std::shared_ptr<const Data> data);

  std::shared_ptr<const Data> data_;
};

struct RevocationListContents {
  // At least 1.
  uint64_t number = 0;
  absl::Time this_update;
  absl::Time next_update;
  std::vector<RevokedSerial> entries;
};

// Signed by `authority`, whose key `key` is. INVALID_ARGUMENT if they do not belong together, `next_update` is not
// after `this_update`, or a serial comes twice or is none.
absl::StatusOr<RevocationList> IssueRevocationList(const Certificate& authority, const PrivateKey& key,
                                                   const RevocationListContents& contents);

}  // namespace paranet::pki

#endif  // PARANET_PKI_REVOCATION_LIST_H_
