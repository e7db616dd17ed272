// Protobuf messages for the eye and for jq: integers as numbers, enums as short lower-case words, bytes as hexadecimal.
#ifndef PARANET_TOOLS_CLI_MESSAGE_JSON_H_
#define PARANET_TOOLS_CLI_MESSAGE_JSON_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "tools/cli/json.h"

namespace paranet::cli {

// All fields in the order of their numbers under their names in the .proto file, those at their defaults too; absent
// messages and empty bytes are left out. (The canonical mapping prints 64-bit integers as strings.)
Json MessageToJson(const google::protobuf::Message& message);

// `SKILL_SHAPE_SERVER_STREAM` of enum SkillShape is `server_stream`.
std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);
// The same by number; the number itself where a newer node has said one that this release does not know.
std::string EnumWord(const google::protobuf::EnumDescriptor* type, int number);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_MESSAGE_JSON_H_
