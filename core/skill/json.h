// JSON and protobuf, by a skill's own descriptors (protobuf's canonical JSON mapping).
#ifndef PARANET_CORE_SKILL_JSON_H_
#define PARANET_CORE_SKILL_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/payload.h"
#include "core/skill/skill_set.h"

namespace paranet {

// The skill's request as protobuf. INVALID_ARGUMENT with the field and the reason; an unknown field gets the nearest
// names.
absl::StatusOr<Payload> RequestFromJson(const Skill& skill, absl::string_view json);

// The skill's response as one line of JSON; fields at their defaults are printed, names as in the .proto file (proto
// field names). DATA_LOSS if `payload` is no such message.
absl::StatusOr<std::string> ResponseToJson(const Skill& skill, const Payload& payload);

// A request with every field at an example value, for people.
std::string ExampleRequestJson(const Skill& skill);

// The definition of `type` and of the messages and enums it uses, in .proto syntax, for people.
std::string SchemaText(const google::protobuf::Descriptor& type);

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_JSON_H_
