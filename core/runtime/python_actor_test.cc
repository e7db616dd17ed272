#include "core/runtime/python_actor.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PythonActorTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
    runtime_ = absl::StrCat(dir_->path(), "/runtime");
    spec_.dir = absl::StrCat(dir_->path(), "/package");
    spec_.manifest.set_python("hello.main");
    Write(absl::StrCat(runtime_, "/paranet/_bootstrap.py"));
  }

  void Write(const std::string& path) {
    ASSERT_OK(MakeDirectories(path.substr(0, path.rfind('/'))));
    ASSERT_OK(WriteFileAtomically(path, ""));
  }

  std::optional<TemporaryDirectory> dir_;
  std::string runtime_;
  ProcessActorSpec spec_;
};

TEST_F(PythonActorTest, AModuleIsAFileOrAFolder) {
  Write(absl::StrCat(spec_.dir, "/hello/main.py"));
  EXPECT_OK(MakePythonActor(spec_, runtime_).status());
  spec_.manifest.set_python("other");
  Write(absl::StrCat(spec_.dir, "/other/__init__.py"));
  EXPECT_OK(MakePythonActor(spec_, runtime_).status());
}

TEST_F(PythonActorTest, AModuleThatIsNotThere) {
  EXPECT_THAT(MakePythonActor(spec_, runtime_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("hello.main"), HasSubstr("hello/main.py"))));
}

TEST_F(PythonActorTest, ARuntimeThatIsNotThere) {
  Write(absl::StrCat(spec_.dir, "/hello/main.py"));
  EXPECT_THAT(MakePythonActor(spec_, absl::StrCat(dir_->path(), "/none")).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no runtime for Python actors")));
}

TEST_F(PythonActorTest, PythonReadsNothingButTheRuntime) {
  EXPECT_THAT(PythonCommand("/r"), ElementsAre("/usr/bin/python3", "-I", "-S", "-B", "/r/paranet/_bootstrap.py"));
}

}  // namespace
}  // namespace paranet
