// The Network Roots that somebody trusts.
#ifndef PARANET_PKI_TRUST_STORE_H_
#define PARANET_PKI_TRUST_STORE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/certificate.h"
#include "pki/identity.h"

namespace paranet::pki {

// What certificates below a root are accepted for. Empty: all.
struct TrustConstraints {
  std::vector<Role> roles;
  // Names within the root's network.
  std::vector<std::string> names;
  friend bool operator==(const TrustConstraints&, const TrustConstraints&) = default;
};

// One or more trust anchors (RFC 5280 section 6.1.1 (d)). Immutable and thread-safe.
class TrustStore {
 public:
  struct Root {
    Certificate certificate;
    // The one network for which it speaks: the O of its subject.
    std::string network;
    TrustConstraints constraints;
  };

  // Each must be a root by the profile (certificate_profile.h) that has signed itself; none may come twice. That it is
  // valid at the time in question is VerifyChain's business. INVALID_ARGUMENT names the one that is wrong.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> Create(const std::vector<Certificate>& roots);
  // The same with constraints; `network` is ignored.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> Create(std::vector<Root> roots);
  // As CertificateChain::FromPem reads it.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> FromPem(absl::string_view pem);

  std::string ToPem() const;
  // In the order given.
  const std::vector<Root>& roots() const { return roots_; }

 private:
  explicit TrustStore(std::vector<Root> roots) : roots_(std::move(roots)) {}

  std::vector<Root> roots_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_TRUST_STORE_H_
