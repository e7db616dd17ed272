#include "pki/node_identity.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pki/identity_folder.h"
#include "pki/verify.h"

namespace paranet::pki {

absl::StatusOr<std::unique_ptr<NodeIdentity>> NodeIdentity::Load(const std::string& dir, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(IdentityFolder folder, LoadIdentityFolder(dir, {Role::kNode}, now));
  return Of(std::move(folder.identity), std::move(folder.key), std::move(folder.chain), std::move(folder.trust));
}

absl::StatusOr<std::unique_ptr<NodeIdentity>> NodeIdentity::Create(PrivateKey key, CertificateChain chain,
                                                                   std::shared_ptr<const TrustStore> trust,
                                                                   absl::Time now) {
  const VerifyResult result = VerifyChain(chain, *trust, {.time = now, .roles = {Role::kNode}});
  if (!result.ok()) return result.ToStatus();
  if (chain.leaf().public_key() != key.public_key()) {
    return absl::InvalidArgumentError(absl::StrCat("the private key is not the one that the certificate of ",
                                                   result.identity->ToUri(),
                                                   " is for; put key and chain of one and the same issue together"));
  }
  return Of(*result.identity, std::move(key), std::move(chain), std::move(trust));
}

std::unique_ptr<NodeIdentity> NodeIdentity::Of(Identity identity, PrivateKey key, CertificateChain chain,
                                               std::shared_ptr<const TrustStore> trust) {
  return std::unique_ptr<NodeIdentity>(
      new NodeIdentity(std::move(identity), std::move(key), std::move(chain), std::move(trust)));
}

}  // namespace paranet::pki
