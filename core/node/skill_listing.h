// The catalogue as it is described to an operator.
#ifndef PARANET_CORE_NODE_SKILL_LISTING_H_
#define PARANET_CORE_NODE_SKILL_LISTING_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/skill/catalogue.h"
#include "paranet/v1/node.pb.h"

namespace paranet {

// In the snapshot's order; without descriptors.
std::vector<v1::SkillSetEntry> ListSkillSets(const CatalogueSnapshot& snapshot);

// One skill with its types and an example. `skill`: `weather/current` (the highest version) or `weather/current~1.2`.
// NOT_FOUND with the nearest names or the versions there are; INVALID_ARGUMENT.
absl::StatusOr<v1::GetSkillResponse> DescribeSkill(const CatalogueSnapshot& snapshot, absl::string_view skill);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_SKILL_LISTING_H_
