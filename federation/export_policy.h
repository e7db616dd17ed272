// What this node exports, and where a peer's call goes. The same rule decides what is shown and what is served.
#ifndef PARANET_FEDERATION_EXPORT_POLICY_H_
#define PARANET_FEDERATION_EXPORT_POLICY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/node/policy.h"
#include "core/routing/router.h"
#include "core/skill/catalogue.h"
#include "core/skill/skill_set.h"
#include "pki/identity.h"

namespace paranet {

// True if peers may know of the set: an actor of this node serves it (no transit), it is not private, and at least one
// of its skills is not.
bool IsExported(const CatalogueEntry& entry);

// True if peers may call the skill.
bool IsExported(const CatalogueEntry& entry, const Skill& skill);

// Whether the policy of the node, if it has one, leaves the peer at least one skill of the set.
bool MayCallSome(const Policy* policy, const pki::Identity& peer, const SkillSet& set);

// What a peer is told of a skill that it may not call, whether there is one or not.
absl::Status NotExported(absl::string_view path);

// The provider for a peer's call. `version` is exact, or empty for the highest exported. UNIMPLEMENTED with the same
// words for what is unknown and for what is not exported; UNAVAILABLE if no provider is available.
absl::StatusOr<Route> ResolveForPeer(const CatalogueSnapshot& snapshot, const Router& router, absl::string_view path,
                                     absl::string_view version);

}  // namespace paranet

#endif  // PARANET_FEDERATION_EXPORT_POLICY_H_
