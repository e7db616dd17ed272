#include "core/runtime/library_module.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

paranet_text Text(absl::string_view text) { return {text.data(), text.size()}; }

// A table that is complete, to be spoiled by a test.
struct Table {
  std::vector<paranet_method> methods = {
      {Text("/weather.v1.Weather/Current"), 0},
      {Text("/weather.v1.Weather/Report"), PARANET_CLIENT_STREAMS},
      {Text("/weather.v1.Weather/Watch"), PARANET_SERVER_STREAMS},
      {Text("/weather.v1.Weather/Chat"), PARANET_CLIENT_STREAMS | PARANET_SERVER_STREAMS},
  };
  paranet_module module = {
      .struct_size = sizeof(paranet_module),
      .abi_version = PARANET_ABI_VERSION,
      .method_size = sizeof(paranet_method),
      .methods = nullptr,
      .method_count = 0,
      .create = [](const paranet_host*, paranet_text, const paranet_option*, size_t, char*,
                   size_t) -> paranet_instance* { return nullptr; },
      .unary = [](paranet_instance*, size_t, paranet_call, paranet_bytes) {},
      .stream = [](paranet_instance*, size_t, paranet_call) {},
      .stop = nullptr,
      .destroy = [](paranet_instance*) {},
  };

  absl::StatusOr<std::shared_ptr<const LibraryModule>> Check() {
    module.methods = methods.data();
    module.method_count = methods.size();
    return LibraryModule::FromTable(&module, "libx.so");
  }
};

TEST(LibraryModuleTest, TakesACompleteTable) {
  Table table;
  ASSERT_OK_AND_ASSIGN(const auto module, table.Check());
  ASSERT_EQ(module->methods().size(), 4u);
  EXPECT_EQ(module->methods()[2].path, "/weather.v1.Weather/Watch");
  EXPECT_TRUE(module->methods()[2].server_streams);
  EXPECT_FALSE(module->methods()[2].client_streams);
  EXPECT_OK(module->CheckServes({WeatherSkillSet()}));
}

TEST(LibraryModuleTest, TakesATableOfALaterSizeOfTheSameVersion) {
  Table table;
  table.module.struct_size += 64;
  EXPECT_OK(table.Check());
}

TEST(LibraryModuleTest, RefusesAFileThatIsNotThereOrNoLibrary) {
  EXPECT_THAT(LibraryModule::Load("nowhere/libx.so"), StatusIs(kInvalid, HasSubstr("nowhere/libx.so does not load")));
  EXPECT_THAT(LibraryModule::Load("libc.so.6"), StatusIs(kInvalid, HasSubstr("does not load")));
}

TEST(LibraryModuleTest, RefusesALibraryThatIsNoActor) {
  EXPECT_THAT(LibraryModule::Load("core/runtime/testdata/libno_symbol.so"),
              StatusIs(kInvalid, AllOf(HasSubstr("libno_symbol.so"), HasSubstr("no symbol paranet_actor_module"))));
}

TEST(LibraryModuleTest, RefusesAnotherAbiVersionAndNamesBoth) {
  EXPECT_THAT(LibraryModule::Load("core/runtime/testdata/libwrong_version.so"),
              StatusIs(kInvalid, HasSubstr("version 2 of the actor ABI and this node has version 1")));
}

TEST(LibraryModuleTest, RefusesTablesThatAreTooSmall) {
  Table small;
  small.module.struct_size = 8;
  EXPECT_THAT(small.Check(), StatusIs(kInvalid, HasSubstr("a module table of 8 bytes")));
  Table small_method;
  small_method.module.method_size = 4;
  EXPECT_THAT(small_method.Check(), StatusIs(kInvalid, HasSubstr("methods of 4")));
}

TEST(LibraryModuleTest, RefusesATableWithoutAFunctionThatIsNeeded) {
  Table table;
  table.module.unary = nullptr;
  EXPECT_THAT(table.Check(), StatusIs(kInvalid, HasSubstr("lacks one of the functions")));
}

TEST(LibraryModuleTest, RefusesMethodsWithoutPath) {
  Table table;
  table.methods[1].path = {nullptr, 5};
  EXPECT_THAT(table.Check(), StatusIs(kInvalid, HasSubstr("no valid path for method 1")));
}

TEST(LibraryModuleTest, RefusesASkillThatIsNotServed) {
  Table table;
  table.methods[3].path = Text("/weather.v1.Weather/Chats");
  ASSERT_OK_AND_ASSIGN(const auto module, table.Check());
  EXPECT_THAT(module->CheckServes({WeatherSkillSet()}),
              StatusIs(kInvalid, AllOf(HasSubstr("does not serve /weather.v1.Weather/Chat"),
                                       HasSubstr("Did you mean \"/weather.v1.Weather/Chats\""))));
}

TEST(LibraryModuleTest, RefusesAMethodThatIsInNoSkillSet) {
  Table table;
  table.methods.push_back({Text("/extra.v1.Extra/Do"), 0});
  ASSERT_OK_AND_ASSIGN(const auto module, table.Check());
  EXPECT_THAT(module->CheckServes({WeatherSkillSet()}),
              StatusIs(kInvalid, HasSubstr("serves /extra.v1.Extra/Do, which is in no skill set")));
}

TEST(LibraryModuleTest, RefusesAMethodOfAnotherShape) {
  Table table;
  table.methods[2].shape = 0;
  ASSERT_OK_AND_ASSIGN(const auto module, table.Check());
  EXPECT_THAT(module->CheckServes({WeatherSkillSet()}),
              StatusIs(kInvalid, AllOf(HasSubstr("Watch as unary"), HasSubstr("it is server streaming"))));
}

TEST(LibraryModuleTest, RefusesAMethodThatIsListedTwice) {
  Table table;
  table.methods.push_back(table.methods[0]);
  ASSERT_OK_AND_ASSIGN(const auto module, table.Check());
  EXPECT_THAT(module->CheckServes({WeatherSkillSet()}),
              StatusIs(kInvalid, HasSubstr("/weather.v1.Weather/Current twice")));
}

}  // namespace
}  // namespace paranet
