#include "pki/tls_verifier.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

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
  absl::Status Decide(const grpc::experimental::TlsCustomVerificationCheckRequest& request) const {
    // gRPC's "full chain" is BoringSSL's SSL_get_peer_cert_chain, which leaves out the leaf on servers.
    std::string pem;
    if (verification_.side == TlsSide::kServer) pem = std::string(View(request.peer_cert()));
    if (!pem.empty()) pem += "\n";
    absl::StrAppend(&pem, View(request.peer_cert_full_chain()));
    if (pem.empty()) return verification_.decide(CertificateChain());
    absl::StatusOr<CertificateChain> chain = CertificateChain::FromPem(pem);
    if (!chain.ok()) {
      return VerifyResult{.outcome = VerifyOutcome::kMalformed, .diagnostic = std::string(chain.status().message())}
          .ToStatus();
    }
    return verification_.decide(*chain);
  }

  const TlsVerification verification_;
};

}  // namespace

std::shared_ptr<grpc::experimental::CertificateVerifier> MakeTlsVerifier(TlsVerification verification) {
  return grpc::experimental::ExternalCertificateVerifier::Create<Verifier>(std::move(verification));
}

}  // namespace paranet::pki
