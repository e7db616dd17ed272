#include "pki/enrolment/enrolment_credentials.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "pki/certificate_issuer.h"
#include "pki/tls_provider.h"
#include "pki/tls_verifier.h"
#include "pki/verify.h"
#include "pki/verify_stale.h"

namespace paranet::pki {
namespace {

class EnrolmentSource final : public TlsSource {
 public:
  explicit EnrolmentSource(std::shared_ptr<EnrolmentIdentity> identity) : identity_(std::move(identity)) {}

  TlsMaterial Present() const override {
    const std::shared_ptr<const EnrolmentMaterial> present = identity_->present();
    std::vector<Certificate> sent = present->chain.certificates();
    sent.push_back(present->root);
    return {present->key, CertificateChain(std::move(sent)), present->trust, present->revocations};
  }
  uint64_t Subscribe(std::function<void()> changed) override { return identity_->Subscribe(std::move(changed)); }
  void Unsubscribe(uint64_t id) override { identity_->Unsubscribe(id); }

 private:
  const std::shared_ptr<EnrolmentIdentity> identity_;
};

absl::Status NotTheRoot(absl::string_view why) {
  return absl::PermissionDeniedError(
      absl::StrCat("the enrolment service is not the one that the join token is for: ", why,
                   "; check the address, and ask the network's operator for a new token"));
}

// The chain without its last certificate.
CertificateChain WithoutLast(const CertificateChain& chain) {
  std::vector<Certificate> certificates = chain.certificates();
  certificates.pop_back();
  return CertificateChain(std::move(certificates));
}

absl::Status CheckPinned(const CertificateChain& presented, const std::string& network, const std::string& fingerprint,
                         absl::Time now) {
  if (presented.size() < 2) return NotTheRoot("it has not shown its root");
  const Certificate& last = presented.certificates().back();
  if (last.fingerprint() != fingerprint) {
    return NotTheRoot(absl::StrCat("its root has the fingerprint ", last.fingerprint(), " and not ", fingerprint));
  }
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustStore> root,
                           TrustStore::Create(std::vector<Certificate>{last}));
  if (root->roots().front().network != network) {
    return NotTheRoot(absl::StrCat("it is that of network ", root->roots().front().network, " and not of ", network));
  }
  return VerifyChain(WithoutLast(presented), *root, {.time = now, .roles = {Role::kRoot}}).ToStatus();
}

absl::Status CheckServer(const CertificateChain& presented, const NodeTrust& trust, absl::Time now) {
  if (presented.size() < 2) return absl::PermissionDeniedError("the enrolment service has not shown its chain");
  const std::shared_ptr<const TrustState> state = trust.state();
  // What the last one says plays no part: the root that counts is the node's.
  const VerifyResult result =
      VerifyChainByStaleLists(WithoutLast(presented), *state->identity->trust(),
                              {.time = now, .roles = {Role::kRoot}, .revocations = state->revocations.get()});
  if (!result.ok()) return result.ToStatus();
  if (result.identity->network != trust.self().network) {
    return absl::PermissionDeniedError(absl::StrCat(result.identity->ToUri(), " is not of this node's network ",
                                                    trust.self().network, "; check the address"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelOf(std::shared_ptr<TlsSource> source,
                                                                    bool shows_certificate,
                                                                    TlsVerification verification) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(MakeCertificateProvider(std::move(source)));
  options.watch_root_certs();
  if (shows_certificate) options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_min_tls_version(grpc_tls_version::TLS1_3);
  options.set_certificate_verifier(MakeTlsVerifier(std::move(verification)));
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::experimental::TlsCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no channel credentials");
  return credentials;
}

// gRPC's client wants a root to begin with, although the verifier alone decides: one that is nobody's.
absl::StatusOr<std::shared_ptr<const TrustStore>> MakeNobodysRoot(const std::string& network, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate root, IssueRoot(network, key, {now, now + absl::Hours(1)}));
  return TrustStore::Create(std::vector<Certificate>{root});
}

}  // namespace

EnrolmentIdentity::EnrolmentIdentity(EnrolmentMaterial material)
    : material_(std::make_shared<const EnrolmentMaterial>(std::move(material))) {}

void EnrolmentIdentity::Replace(EnrolmentMaterial material) {
  auto replaced = std::make_shared<const EnrolmentMaterial>(std::move(material));
  {
    absl::MutexLock lock(&mu_);
    material_ = std::move(replaced);
  }
  absl::MutexLock lock(&subscribers_mu_);
  for (const auto& [id, changed] : subscribers_) changed();
}

std::shared_ptr<const EnrolmentMaterial> EnrolmentIdentity::present() const {
  absl::MutexLock lock(&mu_);
  return material_;
}

uint64_t EnrolmentIdentity::Subscribe(std::function<void()> changed) {
  absl::MutexLock lock(&subscribers_mu_);
  subscribers_.emplace(++last_subscriber_, std::move(changed));
  return last_subscriber_;
}

void EnrolmentIdentity::Unsubscribe(uint64_t id) {
  absl::MutexLock lock(&subscribers_mu_);
  subscribers_.erase(id);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeEnrolmentServerCredentials(
    std::shared_ptr<EnrolmentIdentity> identity, const Clock* clock, Logger logger) {
  grpc::experimental::TlsServerCredentialsOptions options(
      MakeCertificateProvider(std::make_shared<EnrolmentSource>(identity)));
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  options.watch_identity_key_cert_pairs();
  options.set_min_tls_version(grpc_tls_version::TLS1_3);
  options.set_certificate_verifier(MakeTlsVerifier(
      {.side = TlsSide::kServer,
       .decide =
           [identity = std::move(identity), clock](const CertificateChain& presented, SignatureCheck is_signed_by) {
             if (presented.empty()) return absl::OkStatus();
             const std::shared_ptr<const EnrolmentMaterial> present = identity->present();
             return VerifyChain(presented, *present->trust,
                                {.time = clock->Now(),
                                 .roles = {Role::kNode, Role::kOperator},
                                 .revocations = present->revocations.get()},
                                is_signed_by)
                 .ToStatus();
           },
       .refused =
           [logger = std::move(logger)](const absl::Status& status) {
             logger->warn("connection refused: {}", std::string(status.message()));
           }}));
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::experimental::TlsServerCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no server credentials");
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeEnrolmentChannelCredentials(
    const std::string& network, const std::string& root_fingerprint, const Clock* clock,
    std::function<void(const absl::Status&)> refused) {
  TlsMaterial material;
  PARANET_ASSIGN_OR_RETURN(material.trust, MakeNobodysRoot(network, clock->Now()));
  return ChannelOf(MakeFixedSource(std::move(material)), /*shows_certificate=*/false,
                   {.side = TlsSide::kClient,
                    .decide =
                        [network, fingerprint = absl::AsciiStrToLower(root_fingerprint), clock](
                            const CertificateChain& presented, SignatureCheck /*is_signed_by*/) {
                          return CheckPinned(presented, network, fingerprint, clock->Now());
                        },
                    .refused = std::move(refused)});
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeRenewalChannelCredentials(
    std::shared_ptr<NodeTrust> trust, const Clock* clock, std::function<void(const absl::Status&)> refused) {
  return ChannelOf(MakeNodeSource(trust), /*shows_certificate=*/true,
                   {.side = TlsSide::kClient,
                    .decide =
                        [trust, clock](const CertificateChain& presented, SignatureCheck /*is_signed_by*/) {
                          return CheckServer(presented, *trust, clock->Now());
                        },
                    .refused = std::move(refused)});
}

}  // namespace paranet::pki
