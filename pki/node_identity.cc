#include "pki/node_identity.h"

#include <utility>

#include "core/base/status.h"
#include "pki/identity_folder.h"

namespace paranet::pki {

absl::StatusOr<std::unique_ptr<NodeIdentity>> NodeIdentity::Load(const std::string& dir, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(IdentityFolder folder, LoadIdentityFolder(dir, {Role::kNode}, now));
  return std::unique_ptr<NodeIdentity>(new NodeIdentity(std::move(folder.identity), std::move(folder.key),
                                                        std::move(folder.chain), std::move(folder.trust)));
}

}  // namespace paranet::pki
