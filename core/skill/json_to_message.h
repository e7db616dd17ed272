// JSON text into a message of any type, with errors for people.
#ifndef PARANET_CORE_SKILL_JSON_TO_MESSAGE_H_
#define PARANET_CORE_SKILL_JSON_TO_MESSAGE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace paranet {

// Fills `message`, which is empty, from `json` by protobuf's canonical JSON mapping, well-known types included. Strict:
// unknown and repeated names are errors, as are values that the field's type cannot hold exactly (numbers are taken to
// the nearest float or double). Fields may have their names of the .proto file or their JSON names. INVALID_ARGUMENT
// with the field's path and the reason; `message` is then in no particular state. Its type must come from the pool of a
// SkillSet, where google.protobuf is what protobuf says. Takes at most 64 MiB of memory.
absl::Status JsonToMessage(absl::string_view json, google::protobuf::Message* message);

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_JSON_TO_MESSAGE_H_
