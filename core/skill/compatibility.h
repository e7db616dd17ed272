// Whether one version of a skill set can take the place of another.
#ifndef PARANET_CORE_SKILL_COMPATIBILITY_H_
#define PARANET_CORE_SKILL_COMPATIBILITY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/skill/skill_set.h"

namespace paranet {

// What callers of `before` would trip over if `after`, of the same name, answered them: on the wire, in JSON or in code
// that is generated from it. One sentence each, with the full name of what changed, in the order of `before`:
//   a method was removed, has another shape, another name as a skill, another request or response type, or is no longer
//     idempotent; it, or the set, became private;
//   in a message that can be in a request or response: a field was removed (reserving its number keeps others from
//     taking it, but does not answer who sends it), has another number, name, JSON name, type or label, moved into or
//     out of a oneof; a required field was added;
//   in an enum that can be there: a value was removed or has another number.
// What is added is no break: a caller that does not know it does without.
std::vector<std::string> BreakingChanges(const SkillSet& before, const SkillSet& after);

// OK unless `after` breaks `before` and their versions promise that it does not: the same major version, and not 0
// (semver.org 2.0.0, items 4 and 8). FAILED_PRECONDITION names the breaking changes, as many as fit into the trailers
// of a gRPC call.
absl::Status CheckCompatible(const SkillSet& before, const SkillSet& after);

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_COMPATIBILITY_H_
