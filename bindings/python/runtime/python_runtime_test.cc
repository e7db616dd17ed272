#include "bindings/python/runtime/python_runtime.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/runtime/python_actor.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class PythonRuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
    top_ = absl::StrCat(dir_->path(), "/python-runtime");
  }

  std::optional<TemporaryDirectory> dir_;
  std::string top_;
};

TEST_F(PythonRuntimeTest, WritesWhatActorsNeed) {
  ASSERT_OK_AND_ASSIGN(const std::string folder, InstallPythonRuntime(top_));
  EXPECT_OK(CheckPythonRuntime(folder));
  struct stat info;
  ASSERT_EQ(stat(folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  ASSERT_OK_AND_ASSIGN(const std::string extension, ReadFile(absl::StrCat(folder, "/paranet/_worker.so")));
  EXPECT_EQ(extension.substr(0, 4), "\177ELF");
}

TEST_F(PythonRuntimeTest, IsThereTheSecondTime) {
  ASSERT_OK_AND_ASSIGN(const std::string folder, InstallPythonRuntime(top_));
  const std::string mark = absl::StrCat(folder, "/mark");
  ASSERT_OK(WriteFileAtomically(mark, "x"));
  EXPECT_EQ(InstallPythonRuntime(top_).value(), folder);
  EXPECT_OK(ReadFile(mark).status());
}

TEST_F(PythonRuntimeTest, DeletesOtherVersions) {
  ASSERT_OK(MakeDirectories(absl::StrCat(top_, "/0123/paranet")));
  ASSERT_OK(InstallPythonRuntime(top_).status());
  struct stat info;
  EXPECT_NE(stat(absl::StrCat(top_, "/0123").c_str(), &info), 0);
}

TEST_F(PythonRuntimeTest, SeveralAtTheSameTime) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      ASSERT_OK_AND_ASSIGN(const std::string folder, InstallPythonRuntime(top_));
      EXPECT_OK(ReadFile(absl::StrCat(folder, "/paranet/errors.py")).status());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(PythonRuntimeTest, AFolderThatCannotBeMade) {
  ASSERT_OK(WriteFileAtomically(top_, "a file"));
  EXPECT_FALSE(InstallPythonRuntime(top_).ok());
}

}  // namespace
}  // namespace paranet
