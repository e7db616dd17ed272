#include "pki/grpc_credentials.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "pki/path/path_validation.h"
#include "pki/tls_provider.h"
#include "pki/tls_verifier.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

// As gRPC calls the transport that its TLS credentials make, and no other.
constexpr absl::string_view kTransport = "tls";

absl::string_view View(grpc::string_ref text) { return absl::string_view(text.data(), text.size()); }

std::shared_ptr<TlsSource> SourceOf(const NodeIdentity& identity) {
  return MakeFixedSource({identity.key(), identity.chain(), identity.trust(), nullptr});
}

// VerifyChain by what is present when it is asked.
std::function<absl::Status(const CertificateChain&, SignatureCheck)> DecideBy(std::shared_ptr<TlsSource> source,
                                                                              const Clock* clock,
                                                                              std::vector<Role> roles,
                                                                              std::optional<Identity> expected) {
  return [source = std::move(source), clock, roles = std::move(roles), expected = std::move(expected)](
             const CertificateChain& chain, SignatureCheck is_signed_by) {
    const TlsMaterial present = source->Present();
    return VerifyChain(
               chain, *present.trust,
               {.time = clock->Now(), .roles = roles, .expected = expected, .revocations = present.revocations.get()},
               is_signed_by)
        .ToStatus();
  };
}

void Configure(grpc::experimental::TlsCredentialsOptions& options, TlsVerification verification) {
  options.watch_identity_key_cert_pairs();
  options.set_min_tls_version(grpc_tls_version::TLS1_3);
  options.set_certificate_verifier(MakeTlsVerifier(std::move(verification)));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerOf(const std::shared_ptr<TlsSource>& source,
                                                                  const Clock* clock, Logger logger,
                                                                  std::function<void(const absl::Status&)> refused) {
  grpc::experimental::TlsServerCredentialsOptions options(MakeCertificateProvider(source));
  // TLS demands that there is a certificate; our verifier alone judges it.
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  Configure(options,
            {.side = TlsSide::kServer,
             .decide = DecideBy(source, clock, {Role::kNode, Role::kOperator}, std::nullopt),
             .refused = [logger = std::move(logger), refused = std::move(refused)](const absl::Status& status) {
               logger->warn("connection refused: {}", std::string(status.message()));
               if (refused) refused(status);
             }});
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::experimental::TlsServerCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no server credentials");
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelOf(const std::shared_ptr<TlsSource>& source,
                                                                    const Identity& expected, const Clock* clock,
                                                                    std::function<void(const absl::Status&)> refused) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(MakeCertificateProvider(source));
  options.watch_root_certs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  Configure(options, {.side = TlsSide::kClient,
                      .decide = DecideBy(source, clock, {Role::kNode}, expected),
                      .refused = std::move(refused)});
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::experimental::TlsCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no channel credentials");
  return credentials;
}

// The one value of a property of a connection that our credentials made; empty if there is none.
absl::string_view PeerProperty(const grpc::AuthContext& auth_context, const char* name) {
  const std::vector<grpc::string_ref> transport =
      auth_context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  if (transport.size() != 1 || View(transport[0]) != kTransport) return absl::string_view();
  const std::vector<grpc::string_ref> values = auth_context.FindPropertyValues(name);
  return values.size() == 1 ? View(values[0]) : absl::string_view();
}

absl::Status Unknown() {
  return absl::UnauthenticatedError(
      "the peer of this connection has not shown who it is: connect with mutual TLS and a certificate of the network");
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    std::shared_ptr<NodeTrust> trust, const Clock* clock, Logger logger,
    std::function<void(const absl::Status&)> refused) {
  return ServerOf(MakeNodeSource(std::move(trust)), clock, std::move(logger), std::move(refused));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const NodeIdentity& identity,
                                                                               const Clock* clock, Logger logger) {
  return ServerOf(SourceOf(identity), clock, std::move(logger), nullptr);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    std::shared_ptr<NodeTrust> trust, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused) {
  return ChannelOf(MakeNodeSource(std::move(trust)), expected, clock, std::move(refused));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const NodeIdentity& identity, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused) {
  return ChannelOf(SourceOf(identity), expected, clock, std::move(refused));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const IdentityFolder& identity, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused) {
  return ChannelOf(MakeFixedSource({identity.key, identity.chain, identity.trust, nullptr}), expected, clock,
                   std::move(refused));
}

absl::StatusOr<Identity> PeerIdentity(const grpc::AuthContext& auth_context) {
  const absl::string_view uri = PeerProperty(auth_context, GRPC_PEER_URI_PROPERTY_NAME);
  if (uri.empty()) return Unknown();
  absl::StatusOr<Identity> identity = Identity::Parse(uri);
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  return identity;
}

absl::string_view PeerPem(const grpc::AuthContext& auth_context) {
  return PeerProperty(auth_context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
}

absl::StatusOr<Certificate> PeerCertificate(const grpc::AuthContext& auth_context) {
  const absl::string_view pem = PeerPem(auth_context);
  if (pem.empty()) return Unknown();
  return Certificate::FromPem(pem);
}

}  // namespace paranet::pki
