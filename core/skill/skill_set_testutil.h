// Skill sets for tests, from .proto text.
#ifndef PARANET_CORE_SKILL_SKILL_SET_TESTUTIL_H_
#define PARANET_CORE_SKILL_SKILL_SET_TESTUTIL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/skill/skill_set.h"
#include "google/protobuf/descriptor.pb.h"

namespace paranet {

// Compiles .proto files (name and text, each after those it imports) as protoc would; they may import the well-known
// types and paranet/v1/options.proto, which are not in the result. A mistake in the text ends the test program.
google::protobuf::FileDescriptorSet CompileProtos(const std::vector<std::pair<std::string, std::string>>& files);

// One file, `test.proto`, serialized.
std::string CompileProto(absl::string_view text);

// The skill set of `service` in the .proto text. Ends the test program if there is none.
std::shared_ptr<const SkillSet> MakeSkillSet(absl::string_view text, absl::string_view service);

// Service `weather.v1.Weather` of this version, with one skill of each shape: weather/current (unary), weather/report
// (client stream), weather/watch (server stream), weather/chat (bidi).
std::shared_ptr<const SkillSet> WeatherSkillSet(absl::string_view version = "1.0.0");

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_SKILL_SET_TESTUTIL_H_
