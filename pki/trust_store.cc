#include "pki/trust_store.h"

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pki/certificate_profile.h"

namespace paranet::pki {
namespace {

absl::Status Refuse(const Certificate& root, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("certificate \"", root.subject(), "\" (fingerprint ",
                                                 root.fingerprint(), ") cannot be trusted as a Network Root: ", why));
}

// Fills in the network.
absl::Status CheckRoot(TrustStore::Root& root) {
  const Certificate& certificate = root.certificate;
  std::optional<ProfileViolation> violation = CheckCommonProfile(certificate);
  if (!violation.has_value()) violation = CheckAuthority(certificate);
  if (!violation.has_value()) violation = CheckRootProfile(certificate, root.network);
  if (violation.has_value()) return Refuse(certificate, violation->diagnostic);
  if (!certificate.IsSignedBy(certificate)) return Refuse(certificate, "its own key has not signed it");
  for (const std::string& name : root.constraints.names) {
    PARANET_RETURN_IF_ERROR(CheckIdentityName(name, "a root's constraint: the"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::Create(const std::vector<Certificate>& roots) {
  std::vector<Root> unconstrained;
  unconstrained.reserve(roots.size());
  for (const Certificate& certificate : roots) unconstrained.push_back({certificate, "", {}});
  return Create(std::move(unconstrained));
}

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::Create(std::vector<Root> roots) {
  if (roots.empty()) return absl::InvalidArgumentError("there is no root certificate to trust");
  for (size_t i = 0; i < roots.size(); ++i) {
    PARANET_RETURN_IF_ERROR(CheckRoot(roots[i]));
    for (size_t j = 0; j < i; ++j) {
      if (roots[j].certificate == roots[i].certificate) return Refuse(roots[i].certificate, "it comes twice");
    }
  }
  return std::shared_ptr<const TrustStore>(new TrustStore(std::move(roots)));
}

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::FromPem(absl::string_view pem) {
  PARANET_ASSIGN_OR_RETURN(const CertificateChain roots, CertificateChain::FromPem(pem));
  return Create(roots.certificates());
}

std::string TrustStore::ToPem() const {
  std::string pem;
  for (const Root& root : roots_) pem += root.certificate.ToPem();
  return pem;
}

}  // namespace paranet::pki
