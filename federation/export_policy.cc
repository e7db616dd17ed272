#include "federation/export_policy.h"

#include <algorithm>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace paranet {

absl::Status NotExported(absl::string_view path) {
  return absl::UnimplementedError(
      absl::StrCat("the peer exports no skill at ", absl::CHexEscape(path.substr(0, 200)), " in that version"));
}

bool MayCallSome(const Policy* policy, const pki::Identity& peer, const SkillSet& set) {
  if (policy == nullptr || policy->MayCallAll(peer)) return true;
  const auto& skills = set.skills();
  return std::any_of(skills.begin(), skills.end(),
                     [&](const Skill& skill) { return policy->CheckCall(peer, skill).ok(); });
}

bool IsExported(const CatalogueEntry& entry) {
  if (!entry.local() || entry.set->is_private()) return false;
  const auto& skills = entry.set->skills();
  return std::any_of(skills.begin(), skills.end(), [](const Skill& skill) { return !skill.is_private; });
}

bool IsExported(const CatalogueEntry& entry, const Skill& skill) { return IsExported(entry) && !skill.is_private; }

absl::StatusOr<Route> ResolveForPeer(const CatalogueSnapshot& snapshot, const Router& router, absl::string_view path,
                                     absl::string_view version) {
  for (const SkillEntry& entry : snapshot.FindPath(path)) {
    if (!IsExported(*entry.entry, *entry.skill)) continue;
    const std::string exact = entry.entry->set->version().ToString();
    if (!version.empty() && version != exact) continue;
    absl::StatusOr<Route> route = router.ResolvePath(path, exact, RouteScope::kLocal);
    // The catalogue may have changed since the snapshot: nothing but availability may show.
    if (!route.ok() && !absl::IsUnavailable(route.status())) return NotExported(path);
    if (!route.ok()) return absl::UnavailableError("no actor serves the skill now; try again");
    if (route->skill->is_private || route->skill_set->is_private()) return NotExported(path);
    return route;
  }
  return NotExported(path);
}

}  // namespace paranet
