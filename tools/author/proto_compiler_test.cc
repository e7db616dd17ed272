#include "tools/author/proto_compiler.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kHello[] = R"(syntax = "proto3";
package hello.v1;
import "paranet/v1/options.proto";
import "google/protobuf/timestamp.proto";
import "parts/name.proto";
service Hello {
  option (paranet.v1.skill_set) = {subject: "hello" version: "1.2.0"};
  // Greets.
  rpc Greet(Request) returns (Response) { option (paranet.v1.skill) = {action: "greet"}; }
}
message Request { parts.Name name = 1; }
message Response { google.protobuf.Timestamp at = 1; }
)";

class ProtoCompilerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory folder, TemporaryDirectory::Create());
    folder_.emplace(std::move(folder));
    ASSERT_TRUE(std::filesystem::create_directory(folder_->path() + "/parts"));
    Write("parts/name.proto", "syntax = \"proto3\"; package parts; message Name { string text = 1; }");
  }
  std::string Write(absl::string_view name, absl::string_view content) const {
    const std::string path = absl::StrCat(folder_->path(), "/", name);
    EXPECT_OK(WriteFileAtomically(path, content));
    return path;
  }

  std::optional<TemporaryDirectory> folder_;
};

TEST_F(ProtoCompilerTest, MakesWhatAPackageNeeds) {
  ASSERT_OK_AND_ASSIGN(const CompiledProto proto, CompiledProto::Compile(Write("hello.proto", kHello)));
  EXPECT_EQ(proto.file().package(), "hello.v1");
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const SkillSet> set,
                       SkillSet::Create(proto.DescriptorSet(), "hello.v1.Hello"));
  EXPECT_EQ(set->subject(), "hello");
  EXPECT_EQ(set->version().ToString(), "1.2.0");
  EXPECT_EQ(set->skills()[0].id.action, "greet");
}

TEST_F(ProtoCompilerTest, TheSameSourcesMakeTheSameBytes) {
  const std::string path = Write("hello.proto", kHello);
  ASSERT_OK_AND_ASSIGN(const CompiledProto one, CompiledProto::Compile(path));
  ASSERT_OK_AND_ASSIGN(const CompiledProto two, CompiledProto::Compile(path));
  EXPECT_EQ(one.DescriptorSet(), two.DescriptorSet());
}

TEST_F(ProtoCompilerTest, ErrorsHaveTheirPlaces) {
  const std::string path =
      Write("bad.proto", "syntax = \"proto3\";\nmessage A { strin name = 1; }\nmessage B { int32 }\n");
  EXPECT_THAT(CompiledProto::Compile(path).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(absl::StrCat(path, ":3:19: "))));
  const std::string linked = Write("link.proto", "syntax = \"proto3\";\nmessage A { strin name = 1; }\n");
  EXPECT_THAT(CompiledProto::Compile(linked).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(absl::StrCat(linked, ":2:13: ")), HasSubstr("strin"))));
}

TEST_F(ProtoCompilerTest, AnImportThatIsNotThereIsNamed) {
  const std::string path = Write("a.proto", "syntax = \"proto3\";\nimport \"nothing.proto\";\n");
  EXPECT_THAT(CompiledProto::Compile(path).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nothing.proto")));
}

TEST_F(ProtoCompilerTest, AFileThatIsNotThere) {
  EXPECT_THAT(CompiledProto::Compile(folder_->path() + "/none.proto").status(), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace paranet::cli
