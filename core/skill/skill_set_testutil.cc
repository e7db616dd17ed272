#include "core/skill/skill_set_testutil.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/source_context.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/type.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "paranet/v1/options.pb.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

[[noreturn]] void Die(absl::string_view why) {
  std::fprintf(stderr, "%s\n", std::string(why).c_str());
  std::abort();
}

class Errors final : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    Die(absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message));
  }
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    Die(absl::StrCat(file, ": ", element, ": ", message));
  }
};

}  // namespace

pb::FileDescriptorSet CompileProtos(const std::vector<std::pair<std::string, std::string>>& files) {
  Errors errors;
  pb::DescriptorPool pool;
  // Imports may name what no code of the test uses, which the linker would drop.
  for (const pb::Descriptor* used :
       {v1::SkillSetOptions::descriptor(), pb::Any::descriptor(), pb::Duration::descriptor(), pb::Empty::descriptor(),
        pb::FieldMask::descriptor(), pb::SourceContext::descriptor(), pb::Struct::descriptor(),
        pb::Timestamp::descriptor(), pb::Type::descriptor(), pb::StringValue::descriptor()}) {
    std::vector<const pb::FileDescriptor*> stack = {used->file()};
    while (!stack.empty()) {
      const pb::FileDescriptor* file = stack.back();
      const pb::FileDescriptor* missing = nullptr;
      for (int i = 0; i < file->dependency_count(); ++i) {
        if (pool.FindFileByName(file->dependency(i)->name()) == nullptr) missing = file->dependency(i);
      }
      if (missing != nullptr) {
        stack.push_back(missing);
        continue;
      }
      stack.pop_back();
      pb::FileDescriptorProto proto;
      file->CopyTo(&proto);
      if (pool.FindFileByName(file->name()) == nullptr) pool.BuildFileCollectingErrors(proto, &errors);
    }
  }
  pb::FileDescriptorSet set;
  for (const auto& [name, text] : files) {
    pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    pb::io::Tokenizer tokenizer(&stream, &errors);
    pb::compiler::Parser parser;
    parser.RecordErrorsTo(&errors);
    pb::FileDescriptorProto parsed;
    if (!parser.Parse(&tokenizer, &parsed)) Die(name + " does not parse");
    parsed.set_name(name);
    const pb::FileDescriptor* file = pool.BuildFileCollectingErrors(parsed, &errors);
    if (file == nullptr) Die(name + " does not link");
    pb::FileDescriptorProto* linked = set.add_file();
    file->CopyTo(linked);
    file->CopyJsonNameTo(linked);
  }
  return set;
}

std::string CompileProto(absl::string_view text) {
  return CompileProtos({{"test.proto", std::string(text)}}).SerializeAsString();
}

std::shared_ptr<const SkillSet> MakeSkillSet(absl::string_view text, absl::string_view service) {
  absl::StatusOr<std::shared_ptr<const SkillSet>> set = SkillSet::Create(CompileProto(text), service);
  if (!set.ok()) Die(set.status().ToString());
  return *std::move(set);
}

std::shared_ptr<const SkillSet> WeatherSkillSet(absl::string_view version) {
  constexpr absl::string_view kText = R"txt(
    syntax = "proto3";
    package weather.v1;
    import "paranet/v1/options.proto";
    message CurrentRequest { string city = 1; int32 days = 2; }
    message CurrentResponse { string city = 1; double celsius = 2; }
    service Weather {
      option (paranet.v1.skill_set).version = "VERSION";
      rpc Current(CurrentRequest) returns (CurrentResponse);
      rpc Report(stream CurrentRequest) returns (CurrentResponse);
      rpc Watch(CurrentRequest) returns (stream CurrentResponse);
      rpc Chat(stream CurrentRequest) returns (stream CurrentResponse);
    })txt";
  return MakeSkillSet(absl::StrReplaceAll(kText, {{"VERSION", version}}), "weather.v1.Weather");
}

}  // namespace paranet
