// The certification authority of a network, in a directory.
//
//   DIR/            0700
//     root.pem         the root certificate; what everybody trusts
//     root.key.pem     its key; needed to certify issuing authorities alone, may be kept elsewhere
//     issuing.pem      the issuing authority's certificate
//     issuing.key.pem  its key, which signs the leaves
//     ledger.db        every certificate ever issued
#ifndef PARANET_PKI_NETWORK_ROOT_H_
#define PARANET_PKI_NETWORK_ROOT_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/sqlite.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"
#include "pki/private_key.h"
#include "pki/trust_store.h"

namespace paranet::pki {

inline constexpr absl::Duration kLeafLife = absl::Hours(24);
inline constexpr absl::Duration kIssuingLife = absl::Hours(24 * 365);
inline constexpr absl::Duration kRootLife = absl::Hours(24 * 3652);
// How long before its issue a certificate begins to be valid, for clocks that are behind.
inline constexpr absl::Duration kBackdate = absl::Minutes(1);

// Thread-safe; several processes may have the same directory open.
class NetworkRoot {
 public:
  // Makes a new Network Root, all of it or nothing. ALREADY_EXISTS if DIR is there and not empty: a root is never
  // overwritten. `clock` outlives the object.
  static absl::StatusOr<std::unique_ptr<NetworkRoot>> Create(const std::string& dir, const std::string& network,
                                                             const Clock* clock);

  // NOT_FOUND if there is no Network Root; DATA_LOSS, saying what to do, if the ledger is missing, damaged or belongs
  // to another root, or if certificates and keys do not belong together; INVALID_ARGUMENT if others can read a key.
  static absl::StatusOr<std::unique_ptr<NetworkRoot>> Open(const std::string& dir, const Clock* clock);

  // When the certificate is valid: from `not_before` (absent: now - kBackdate) to `not_after` (absent: now + kLeafLife,
  // or the end of the issuing authority's if that is earlier).
  struct Validity {
    std::optional<absl::Time> not_before;
    std::optional<absl::Time> not_after;
  };

  // The leaf and the issuing authority. The certificate is in the ledger, on disk, when this returns; if it could not
  // be written there is no certificate. PERMISSION_DENIED if the request is for another network; INVALID_ARGUMENT if
  // the validity is none or ends after the issuing authority's; FAILED_PRECONDITION if the issuing authority has
  // expired.
  absl::StatusOr<CertificateChain> Issue(const CertificateRequest& request, const Validity& validity);
  absl::StatusOr<CertificateChain> Issue(const CertificateRequest& request) { return Issue(request, Validity()); }

  // The same with a key made here and now.
  struct IssuedKey {
    PrivateKey key;
    CertificateChain chain;
  };
  absl::StatusOr<IssuedKey> IssueWithNewKey(const LeafNames& names, const Validity& validity);

  // A line of the ledger.
  struct Entry {
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
  };
  // In the order of issue.
  absl::StatusOr<std::vector<Entry>> List() const;

  const std::string& network() const { return network_; }
  const Certificate& root_certificate() const { return root_; }
  const Certificate& issuing_certificate() const { return issuing_; }
  // This root alone.
  const std::shared_ptr<const TrustStore>& trust() const { return trust_; }

 private:
  NetworkRoot(std::string network, Certificate root, Certificate issuing, PrivateKey issuing_key,
              std::shared_ptr<const TrustStore> trust, std::unique_ptr<Database> ledger, const Clock* clock);
  absl::StatusOr<CertificateChain> IssueLeaf(const LeafNames& names, absl::string_view public_key,
                                             const Validity& validity);

  const std::string network_;
  const Certificate root_;
  const Certificate issuing_;
  const PrivateKey issuing_key_;
  const std::shared_ptr<const TrustStore> trust_;
  const std::unique_ptr<Database> ledger_;
  const Clock* const clock_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_NETWORK_ROOT_H_
