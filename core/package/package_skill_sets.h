// What a package serves, and whether another version of it may serve that from now on.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_SKILL_SETS_H_
#define PARANET_CORE_PACKAGE_PACKAGE_SKILL_SETS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

using SkillSetList = std::vector<std::shared_ptr<const SkillSet>>;

// The skill sets of all actors, in the manifest's order; `read` gives the content of a file of the package. The errors
// are those of `read` and of SkillSet::Create, and name the actor.
absl::StatusOr<SkillSetList> PackageSkillSets(const v1::Manifest& manifest,
                                              absl::FunctionRef<absl::StatusOr<std::string>(const std::string&)> read);

// OK if callers of `before` can be served by `after`, as far as versions promise it: the highest version of each skill
// set and major version in `before` against the one in `after`, where there is one (CheckCompatible). To leave out a
// skill set or a major version is the author's right.
absl::Status CheckReplaces(const SkillSetList& before, const SkillSetList& after);

// OK if `after` can be offered beside `others`, of other packages: where it has the higher version of a skill set, it
// gets the calls of those who know the lower one of the same major version.
absl::Status CheckBeside(const SkillSetList& others, const SkillSetList& after);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_SKILL_SETS_H_
