#include "core/node/node_enrolment.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/certificate.h"
#include "pki/certificate_info.h"
#include "pki/certificate_request.h"
#include "pki/enrolment/enrolment_client.h"
#include "pki/join_token.h"
#include "pki/private_key.h"
#include "pki/trust_store.h"

namespace paranet {
namespace {

v1::NodeEnrollResponse Describe(const pki::NodeIdentity& identity) {
  v1::NodeEnrollResponse response;
  *response.mutable_certificate() = pki::DescribeCertificate(identity.chain().leaf());
  return response;
}

// `names` with the two lists of a request.
template <typename Request>
pki::LeafNames NamesOf(std::string network, const std::string& node, const Request& request) {
  return {.identity = {.network = std::move(network), .role = pki::Role::kNode, .name = node},
          .dns_names = {request.dns_names().begin(), request.dns_names().end()},
          .ip_addresses = {request.ip_addresses().begin(), request.ip_addresses().end()}};
}

}  // namespace

std::string NodeEnrolment::PendingKeyFile() const { return absl::StrCat(options_.data_dir, "/pending-key.pem"); }

absl::Status NodeEnrolment::CheckNetwork(const std::string& network) const {
  const std::optional<pki::Identity> self = options_.self();
  if (!self.has_value() || self->network == network) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("node \"", options_.name, "\" is of network \"", self->network,
                                                    "\" and stays there: for network \"", network,
                                                    "\" start a node of another name"));
}

absl::StatusOr<v1::NodeEnrollResponse> NodeEnrolment::Enroll(const v1::NodeEnrollRequest& request,
                                                             absl::Time deadline) {
  PARANET_ASSIGN_OR_RETURN(const pki::JoinToken token, pki::JoinToken::Parse(request.token()));
  PARANET_RETURN_IF_ERROR(CheckNetwork(token.fields().network()));
  PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey key, pki::PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const pki::IssuedIdentity issued,
                           pki::EnrollWithToken(token, key, NamesOf(token.fields().network(), options_.name, request),
                                                options_.clock, deadline));
  PARANET_RETURN_IF_ERROR(options_.install(*issued.identity, token.fields().endpoint(), issued.bundle));
  return Describe(*issued.identity);
}

absl::StatusOr<v1::PrepareRequestResponse> NodeEnrolment::PrepareRequest(const v1::PrepareRequestRequest& request) {
  PARANET_RETURN_IF_ERROR(CheckNetwork(request.network()));
  PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey key, pki::PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateRequest made,
                           pki::CertificateRequest::Create(key, NamesOf(request.network(), options_.name, request)));
  PARANET_RETURN_IF_ERROR(key.Save(PendingKeyFile()));
  v1::PrepareRequestResponse response;
  response.set_request(made.ToDer());
  return response;
}

absl::StatusOr<v1::NodeEnrollResponse> NodeEnrolment::Install(const v1::InstallCertificateRequest& request) {
  PARANET_ASSIGN_OR_RETURN(pki::CertificateChain chain,
                           pki::CertificateChain::FromDer({request.chain().begin(), request.chain().end()}));
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain roots,
                           pki::CertificateChain::FromDer({request.roots().begin(), request.roots().end()}));
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<const pki::TrustStore> trust, pki::TrustStore::Create(roots.certificates()));
  absl::StatusOr<pki::PrivateKey> key = pki::PrivateKey::Load(PendingKeyFile());
  if (key.status().code() == absl::StatusCode::kNotFound) {
    return absl::FailedPreconditionError(
        absl::StrCat("node \"", options_.name, "\" has made no request that waits for a certificate: make one first ",
                     "(paranet node enroll --name ", options_.name, " --network NETWORK --request-out FILE)"));
  }
  if (!key.ok()) return key.status();
  if (chain.empty() || chain.leaf().public_key() != key->public_key()) {
    return absl::InvalidArgumentError(absl::StrCat("the certificate is not for the request that node \"", options_.name,
                                                   "\" has made last: have that one certified"));
  }
  PARANET_ASSIGN_OR_RETURN(
      const std::unique_ptr<pki::NodeIdentity> identity,
      pki::NodeIdentity::Create(*std::move(key), std::move(chain), std::move(trust), options_.clock->Now()));
  if (identity->identity().name != options_.name) {
    return absl::PermissionDeniedError(absl::StrCat("the certificate is that of ", identity->identity().ToUri(),
                                                    ", not of node \"", options_.name, "\""));
  }
  PARANET_RETURN_IF_ERROR(CheckNetwork(identity->identity().network));
  v1::TrustBundle bundle;
  *bundle.mutable_roots() = request.roots();
  *bundle.mutable_revocation_lists() = request.revocation_lists();
  for (size_t i = 1; i < identity->chain().size(); ++i) bundle.add_authorities(identity->chain()[i].ToDer());
  PARANET_RETURN_IF_ERROR(options_.install(*identity, std::nullopt, bundle));
  // What a crash leaves of it is the key that is in force, replaced by the next request.
  PARANET_RETURN_IF_ERROR(RemoveAll(PendingKeyFile()));
  return Describe(*identity);
}

}  // namespace paranet
