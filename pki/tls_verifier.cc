#include "pki/tls_verifier.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "pki/authority_cache.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

// A network has a handful, and a node may trust several networks.
constexpr size_t kMaxAuthorities = 64;

absl::string_view View(grpc::string_ref text) { return absl::string_view(text.data(), text.size()); }

// Answers at once, so that there never is a pending verification when a connection or the process ends. gRPC owns it,
// and holds it as long as there is a connection or credentials that may ask it.
class Verifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit Verifier(TlsVerification verification) : verification_(std::move(verification)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* sync_status) override {
    const absl::Status status = Decide(*request);
    if (!status.ok()) {
      if (verification_.refused) verification_.refused(status);
      *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(status.message()));
    }
    return true;
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  absl::Status Decide(const grpc::experimental::TlsCustomVerificationCheckRequest& request) {
    // gRPC's "full chain" is BoringSSL's SSL_get_peer_cert_chain, which leaves out the leaf on servers.
    const bool apart = verification_.side == TlsSide::kServer;
    const absl::string_view leaf = apart ? View(request.peer_cert()) : absl::string_view();
    const absl::string_view rest = View(request.peer_cert_full_chain());
    absl::StatusOr<CertificateChain> chain = Read(leaf, rest);
    if (!chain.ok()) {
      return VerifyResult{.outcome = VerifyOutcome::kMalformed, .diagnostic = std::string(chain.status().message())}
          .ToStatus();
    }
    absl::Status status =
        verification_.decide(*chain, [this](const Certificate& certificate, const Certificate& issuer) {
          return authorities_.IsSignedBy(certificate, issuer);
        });
    if (status.ok() && apart && !rest.empty() && authorities_.Find(rest) == nullptr) {
      authorities_.Remember(rest, {chain->certificates().begin() + 1, chain->certificates().end()});
    }
    return status;
  }

  absl::StatusOr<CertificateChain> Read(absl::string_view leaf, absl::string_view rest) const {
    if (leaf.empty() && rest.empty()) return CertificateChain();
    if (const AuthorityCache::Authorities known = leaf.empty() ? nullptr : authorities_.Find(rest)) {
      PARANET_ASSIGN_OR_RETURN(Certificate first, Certificate::FromPem(leaf));
      std::vector<Certificate> certificates = {std::move(first)};
      certificates.insert(certificates.end(), known->begin(), known->end());
      return CertificateChain(std::move(certificates));
    }
    return CertificateChain::FromPem(leaf.empty() ? std::string(rest) : absl::StrCat(leaf, "\n", rest));
  }

  const TlsVerification verification_;
  AuthorityCache authorities_{kMaxAuthorities};
};

}  // namespace

std::shared_ptr<grpc::experimental::CertificateVerifier> MakeTlsVerifier(TlsVerification verification) {
  return grpc::experimental::ExternalCertificateVerifier::Create<Verifier>(std::move(verification));
}

}  // namespace paranet::pki
