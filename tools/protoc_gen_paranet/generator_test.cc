#include "tools/protoc_gen_paranet/generator.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using google::protobuf::io::StringOutputStream;
using google::protobuf::io::ZeroCopyOutputStream;
using testing::HasSubstr;

constexpr char kTestdata[] = "tools/protoc_gen_paranet/testdata/";

std::string Read(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

class MemoryContext final : public google::protobuf::compiler::GeneratorContext {
 public:
  ZeroCopyOutputStream* Open(const std::string& name) override { return new StringOutputStream(&files[name]); }
  std::map<std::string, std::string> files;
};

struct Generated {
  std::string error;
  std::map<std::string, std::string> files;
};

// What the generator makes of `proto`, which imports nothing.
Generated Generate(const std::string& name, const std::string& proto, const std::string& parameter = "") {
  google::protobuf::io::ArrayInputStream input(proto.data(), static_cast<int>(proto.size()));
  google::protobuf::io::Tokenizer tokenizer(&input, nullptr);
  google::protobuf::FileDescriptorProto parsed;
  google::protobuf::compiler::Parser parser;
  EXPECT_TRUE(parser.Parse(&tokenizer, &parsed));
  parsed.set_name(name);
  google::protobuf::DescriptorPool pool;
  const google::protobuf::FileDescriptor* file = pool.BuildFile(parsed);
  if (file == nullptr) return {.error = "the test's own .proto does not link"};
  MemoryContext context;
  Generated generated;
  if (!ActorGenerator().Generate(file, parameter, &context, &generated.error)) {
    EXPECT_NE(generated.error, "");
    EXPECT_TRUE(context.files.empty());
  }
  generated.files = std::move(context.files);
  return generated;
}

void ExpectGolden(const std::string& name, const std::string& content) {
  const std::string golden = absl::StrCat(kTestdata, name, ".golden");
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (std::getenv("PARANET_UPDATE_GOLDEN") != nullptr && workspace != nullptr) {
    std::ofstream(absl::StrCat(workspace, "/", golden)) << content;
    return;
  }
  EXPECT_EQ(content, Read(golden)) << "If this is what you want, renew it with:\n"
                                   << "  PARANET_UPDATE_GOLDEN=1 bazel run //tools/protoc_gen_paranet:generator_test";
}

TEST(ActorGeneratorTest, MakesWhatIsCheckedIn) {
  const std::string name = absl::StrCat(kTestdata, "shapes.proto");
  const Generated generated = Generate(name, Read(name));
  EXPECT_EQ(generated.error, "");
  ASSERT_EQ(generated.files.size(), 2u);
  ExpectGolden("shapes.paranet.h", generated.files.at(absl::StrCat(kTestdata, "shapes.paranet.h")));
  ExpectGolden("shapes.paranet.cc", generated.files.at(absl::StrCat(kTestdata, "shapes.paranet.cc")));
}

TEST(ActorGeneratorTest, FileWithoutServicesGetsEmptyFiles) {
  const Generated generated = Generate("a/types.proto", "syntax = 'proto3'; package p; message M {}");
  EXPECT_EQ(generated.error, "");
  EXPECT_THAT(generated.files.at("a/types.paranet.h"), HasSubstr("#ifndef A_TYPES_PARANET_H_"));
  EXPECT_THAT(generated.files.at("a/types.paranet.h"), Not(HasSubstr("class ")));
}

TEST(ActorGeneratorTest, FileWithoutPackageGetsNoNamespace) {
  const Generated generated =
      Generate("m.proto", "syntax = 'proto3'; message M {} service S { rpc Do(M) returns (M); }");
  EXPECT_EQ(generated.error, "");
  EXPECT_THAT(generated.files.at("m.paranet.h"), Not(HasSubstr("namespace")));
  EXPECT_THAT(generated.files.at("m.paranet.cc"), HasSubstr("Bind(\"/S/Do\")"));
}

TEST(ActorGeneratorTest, RefusesAParameter) {
  EXPECT_THAT(Generate("m.proto", "syntax = 'proto3';", "lite").error, HasSubstr("no parameters"));
}

TEST(ActorGeneratorTest, RefusesAMethodThatIsAKeyword) {
  const Generated generated =
      Generate("m.proto", "syntax = 'proto3'; message M {} service S { rpc delete(M) returns (M); }");
  EXPECT_THAT(generated.error, HasSubstr("m.proto: method delete of service S"));
}

TEST(ActorGeneratorTest, RefusesAMethodNamedAsAFunctionOfTheClass) {
  const Generated generated =
      Generate("m.proto", "syntax = 'proto3'; message M {} service S { rpc ParanetMethods(M) returns (M); }");
  EXPECT_THAT(generated.error, HasSubstr("ParanetMethods"));
}

TEST(ActorGeneratorTest, RefusesAServiceWithoutMethods) {
  EXPECT_THAT(Generate("m.proto", "syntax = 'proto3'; service S {}").error, HasSubstr("service S has no methods"));
}

TEST(ActorGeneratorTest, RefusesAClassWithTheNameOfAMessage) {
  const Generated generated = Generate(
      "m.proto", "syntax = 'proto3'; message SSkillSet {} service S { rpc Do(SSkillSet) returns (SSkillSet); }");
  EXPECT_THAT(generated.error, HasSubstr("would be called SSkillSet"));
}

TEST(ActorGeneratorTest, RefusesAClientWithTheNameOfAMessage) {
  const Generated generated =
      Generate("m.proto", "syntax = 'proto3'; message SClient {} service S { rpc Do(SClient) returns (SClient); }");
  EXPECT_THAT(generated.error, HasSubstr("would be called SClient"));
}

TEST(ActorGeneratorTest, RefusesAMethodWithTheNameOfAnothersAsyncForm) {
  const Generated generated = Generate(
      "m.proto",
      "syntax = 'proto3'; message M {} service S { rpc Do(M) returns (M); rpc DoAsync(stream M) returns (M); }");
  EXPECT_THAT(generated.error, HasSubstr("two functions DoAsync"));
}

}  // namespace
}  // namespace paranet
