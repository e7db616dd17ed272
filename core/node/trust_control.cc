#include "core/node/trust_control.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pki/certificate_info.h"
#include "pki/revocation_list_info.h"

namespace paranet {
namespace {

// Enough for every network; a request is bounded by gRPC in bytes.
constexpr int kMostAtOnce = 100;

absl::StatusOr<pki::TrustConstraints> ConstraintsOf(const v1::TrustedRoot& root) {
  pki::TrustConstraints constraints;
  for (const int role : root.roles()) {
    switch (role) {
      case v1::NODE:
        constraints.roles.push_back(pki::Role::kNode);
        break;
      case v1::OPERATOR:
        constraints.roles.push_back(pki::Role::kOperator);
        break;
      case v1::PUBLISHER:
        constraints.roles.push_back(pki::Role::kPublisher);
        break;
      default:
        return absl::InvalidArgumentError(
            absl::StrCat("below a further root nodes, operators and publishers may be accepted, not role ", role));
    }
  }
  for (const std::string& name : root.names()) {
    PARANET_RETURN_IF_ERROR(pki::CheckIdentityName(name, "a name to accept"));
    constraints.names.push_back(name);
  }
  return constraints;
}

}  // namespace

v1::GetTrustResponse DescribeTrust(const pki::NodeTrust& trust) {
  const std::shared_ptr<const pki::TrustState> state = trust.state();
  v1::GetTrustResponse response;
  std::vector<v1::TrustedRoot> further;
  for (const pki::TrustStore::Root& root : state->identity->trust()->roots()) {
    v1::TrustedRoot described;
    *described.mutable_certificate() = pki::DescribeCertificate(root.certificate);
    described.set_der(root.certificate.ToDer());
    for (const pki::Role role : root.constraints.roles) described.add_roles(pki::RoleToProto(role));
    for (const std::string& name : root.constraints.names) described.add_names(name);
    described.set_further(root.network != trust.self().network);
    if (described.further()) {
      further.push_back(std::move(described));
    } else {
      *response.add_roots() = std::move(described);
    }
  }
  for (v1::TrustedRoot& root : further) *response.add_roots() = std::move(root);
  for (const pki::RevocationList& list : state->revocations->lists()) {
    *response.add_revocation_lists() = pki::DescribeRevocationList(list);
  }
  response.set_revision(state->bundle_revision);
  return response;
}

absl::Status UpdateTrust(const v1::UpdateTrustRequest& request, pki::NodeTrust* trust) {
  if (request.revocation_lists_size() + request.add_size() + request.remove_size() > kMostAtOnce) {
    return absl::InvalidArgumentError(absl::StrCat("at most ", kMostAtOnce, " lists and roots can be changed at once"));
  }
  std::vector<pki::RevocationList> lists;
  for (const std::string& der : request.revocation_lists()) {
    absl::StatusOr<pki::RevocationList> list = pki::RevocationList::FromDer(der);
    if (!list.ok()) return Annotate(list.status(), absl::StrCat("revocation list ", lists.size() + 1));
    lists.push_back(*std::move(list));
  }
  std::vector<std::pair<pki::Certificate, pki::TrustConstraints>> roots;
  for (const v1::TrustedRoot& added : request.add()) {
    absl::StatusOr<pki::Certificate> root = pki::Certificate::FromDer(added.der());
    if (!root.ok()) return Annotate(root.status(), absl::StrCat("root ", roots.size() + 1));
    PARANET_ASSIGN_OR_RETURN(pki::TrustConstraints constraints, ConstraintsOf(added));
    roots.emplace_back(*std::move(root), std::move(constraints));
  }
  for (const pki::RevocationList& list : lists) {
    if (absl::Status status = trust->AdoptRevocationList(list); !status.ok()) {
      return Annotate(status, absl::StrCat("the revocation list of ", list.issuer()));
    }
  }
  for (const auto& [root, constraints] : roots) {
    if (absl::Status status = trust->AddRoot(root, constraints); !status.ok()) {
      return Annotate(status, absl::StrCat("the root ", root.subject()));
    }
  }
  for (const std::string& fingerprint : request.remove()) {
    PARANET_RETURN_IF_ERROR(trust->RemoveRoot(absl::AsciiStrToLower(fingerprint)));
  }
  return absl::OkStatus();
}

}  // namespace paranet
