#include "pki/grpc_credentials.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "pki/secret_access.h"
#include "pki/trust_store.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

// As gRPC calls the transport that its TLS credentials make, and no other.
constexpr absl::string_view kTransport = "tls";

absl::string_view View(grpc::string_ref text) { return absl::string_view(text.data(), text.size()); }

enum class Side { kServer, kClient };

// What a connection must satisfy, and who hears of it when it does not.
struct Demand {
  Side side;
  std::shared_ptr<const TrustStore> trust;
  const Clock* clock;
  std::vector<Role> roles;
  std::optional<Identity> expected;
  std::function<void(const absl::Status&)> refused;
};

// Runs on gRPC's threads once TLS itself is done: the peer has proven that it holds the key of its first certificate.
// It answers at once, so that there never is a pending verification when a connection or the process ends. gRPC owns
// it, and holds it as long as there is a connection or credentials that may ask it.
class Verifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit Verifier(Demand demand) : demand_(std::move(demand)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* sync_status) override {
    const absl::Status status = Decide(*request);
    if (!status.ok()) {
      if (demand_.refused) demand_.refused(status);
      *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(status.message()));
    }
    return true;
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  absl::Status Decide(const grpc::experimental::TlsCustomVerificationCheckRequest& request) const {
    // gRPC's "full chain" is BoringSSL's SSL_get_peer_cert_chain, which leaves out the leaf on servers.
    std::string pem;
    if (demand_.side == Side::kServer) absl::StrAppend(&pem, View(request.peer_cert()), "\n");
    absl::StrAppend(&pem, View(request.peer_cert_full_chain()));
    absl::StatusOr<CertificateChain> chain = CertificateChain::FromPem(pem);
    if (!chain.ok()) {
      return VerifyResult{.outcome = VerifyOutcome::kMalformed, .diagnostic = std::string(chain.status().message())}
          .ToStatus();
    }
    return VerifyChain(*chain, *demand_.trust,
                       {.time = demand_.clock->Now(), .roles = demand_.roles, .expected = demand_.expected})
        .ToStatus();
  }

  const Demand demand_;
};

std::shared_ptr<grpc::experimental::CertificateProviderInterface> MakeProvider(const NodeIdentity& identity) {
  const SecretAccess access("gRPC wants the key as a string");
  const SecretString key = identity.key().ToPem(access);
  // The roots decide nothing (the verifier does), but without any a client would look for the system's.
  return std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      identity.trust()->ToPem(),
      std::vector<grpc::experimental::IdentityKeyCertPair>{
          {.private_key = std::string(key.view()), .certificate_chain = identity.chain().ToPem()}});
}

void Configure(grpc::experimental::TlsCredentialsOptions& options, Demand demand) {
  options.watch_identity_key_cert_pairs();
  options.set_min_tls_version(grpc_tls_version::TLS1_3);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<Verifier>(std::move(demand)));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const NodeIdentity& identity,
                                                                               const Clock* clock, Logger logger) {
  grpc::experimental::TlsServerCredentialsOptions options(MakeProvider(identity));
  // TLS demands that there is a certificate; our verifier alone judges it.
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  Configure(options, {.side = Side::kServer,
                      .trust = identity.trust(),
                      .clock = clock,
                      .roles = {Role::kNode, Role::kOperator},
                      .expected = std::nullopt,
                      .refused = [logger = std::move(logger)](const absl::Status& status) {
                        logger->warn("connection refused: {}", std::string(status.message()));
                      }});
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::experimental::TlsServerCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no server credentials");
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const NodeIdentity& identity, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(MakeProvider(identity));
  options.watch_root_certs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  Configure(options, {.side = Side::kClient,
                      .trust = identity.trust(),
                      .clock = clock,
                      .roles = {Role::kNode},
                      .expected = expected,
                      .refused = std::move(refused)});
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::experimental::TlsCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no channel credentials");
  return credentials;
}

absl::StatusOr<Identity> PeerIdentity(const grpc::AuthContext& auth_context) {
  const std::vector<grpc::string_ref> transport =
      auth_context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  const std::vector<grpc::string_ref> uris = auth_context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME);
  if (transport.size() != 1 || View(transport[0]) != kTransport || uris.size() != 1) {
    return absl::UnauthenticatedError(
        "the peer of this connection has not shown who it is: connect with mutual TLS and a certificate of the "
        "network");
  }
  absl::StatusOr<Identity> identity = Identity::Parse(View(uris[0]));
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  return identity;
}

}  // namespace paranet::pki
