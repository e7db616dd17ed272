#include "tools/author/build_commands.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BuildCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory folder, TemporaryDirectory::Create());
    folder_.emplace(std::move(folder));
  }
  absl::StatusOr<std::vector<std::string>> Read(absl::string_view yaml) const {
    EXPECT_OK(WriteFileAtomically(absl::StrCat(folder_->path(), "/paranet.yaml"), yaml));
    return ReadBuildCommands(folder_->path());
  }
  absl::Status Run(const std::vector<std::string>& commands) const {
    return RunBuildCommands(commands, folder_->path(), "/opt/paranet");
  }
  std::string Content(absl::string_view name) const {
    return ReadFile(absl::StrCat(folder_->path(), "/", name)).value_or("(no file)");
  }

  std::optional<TemporaryDirectory> folder_;
};

TEST_F(BuildCommandsTest, CommandsAreReadInTheirOrder) {
  EXPECT_THAT(Read("id: x\nbuild:\n  - make\n  - '\"$PARANET\" package proto x.proto'\n"),
              IsOkAndHolds(ElementsAre("make", "\"$PARANET\" package proto x.proto")));
}

TEST_F(BuildCommandsTest, ThereMayBeNone) {
  EXPECT_THAT(Read("id: x\n"), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(ReadBuildCommands(absl::StrCat(folder_->path(), "/nothing")), IsOkAndHolds(IsEmpty()));
}

TEST_F(BuildCommandsTest, WhatIsNoListOfCommandsIsNamedWithItsPlace) {
  EXPECT_THAT(Read("build: make"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("paranet.yaml:1:8: ")));
  EXPECT_THAT(Read("build: [[make]]"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("paranet.yaml:1:9: ")));
}

TEST_F(BuildCommandsTest, CommandsRunInTheFolderOneAfterTheOther) {
  EXPECT_OK(Run({"echo one >out", "echo $PARANET >>out", "pwd >>out; cat >>out"}));
  EXPECT_EQ(Content("out"), absl::StrCat("one\n/opt/paranet\n", folder_->path(), "\n"));
}

TEST_F(BuildCommandsTest, TheFirstThatFailsIsTheLast) {
  EXPECT_THAT(Run({"exit 3", "echo x >out"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("exit code 3"), HasSubstr("exit 3"))));
  EXPECT_EQ(Content("out"), "(no file)");
  EXPECT_THAT(Run({"kill -9 $$"}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("exit code 137")));
}

TEST_F(BuildCommandsTest, AProgramThatIsNotThereIsSaidToBeMissing) {
  EXPECT_THAT(Run({"no-such-compiler x.cc"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not installed")));
}

TEST_F(BuildCommandsTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THAT(RunBuildCommands({"true"}, absl::StrCat(folder_->path(), "/nothing"), "/opt/paranet"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace paranet::cli
