#include "pki/trust_store.h"

#include <optional>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/x509.h"
#include "pki/certificate_profile.h"
#include "pki/p256.h"

namespace paranet::pki {
namespace {

absl::Status Refuse(const Certificate& root, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("certificate \"", root.subject(), "\" (fingerprint ",
                                                 root.fingerprint(), ") cannot be trusted as a Network Root: ", why));
}

absl::StatusOr<TrustStore::Root> CheckRoot(const Certificate& certificate) {
  TrustStore::Root root{certificate, ""};
  std::optional<ProfileViolation> violation = CheckCommonProfile(certificate);
  if (!violation.has_value()) violation = CheckAuthority(certificate);
  if (!violation.has_value()) violation = CheckRootProfile(certificate, root.network);
  if (violation.has_value()) return Refuse(certificate, violation->diagnostic);

  const bssl::UniquePtr<EVP_PKEY> key = ParseP256PublicKey(certificate.public_key());
  const bool signed_itself = X509_verify(certificate.native(), key.get()) == 1;
  ERR_clear_error();
  if (!signed_itself) return Refuse(certificate, "its own key has not signed it");
  return root;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::Create(const std::vector<Certificate>& roots) {
  if (roots.empty()) return absl::InvalidArgumentError("there is no root certificate to trust");
  std::vector<Root> checked;
  for (const Certificate& certificate : roots) {
    PARANET_ASSIGN_OR_RETURN(Root root, CheckRoot(certificate));
    if (absl::c_any_of(checked, [&](const Root& other) { return other.certificate == certificate; })) {
      return Refuse(certificate, "it comes twice");
    }
    checked.push_back(std::move(root));
  }
  return std::shared_ptr<const TrustStore>(new TrustStore(std::move(checked)));
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
