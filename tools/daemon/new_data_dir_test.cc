#include "tools/daemon/new_data_dir.h"

#include <unistd.h>

#include <string>

#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::daemon {
namespace {

class NewDataDirTest : public testing::Test {
 protected:
  NewDataDirTest()
      : path_(std::string(testing::TempDir()) + "/" + testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  bool Exists() const { return access(path_.c_str(), F_OK) == 0; }
  const std::string path_;
};

TEST_F(NewDataDirTest, DiscardsWhatWasNotThere) {
  const NewDataDir dir(path_);
  ASSERT_OK(MakeDirectories(path_));
  ASSERT_OK(WriteFileAtomically(path_ + "/node.log", "x"));
  dir.Discard();
  EXPECT_FALSE(Exists());
}

TEST_F(NewDataDirTest, KeepsWhatWasThere) {
  ASSERT_OK(MakeDirectories(path_));
  NewDataDir(path_).Discard();
  EXPECT_TRUE(Exists());
}

TEST_F(NewDataDirTest, KeepsWhatSomebodyElseUses) {
  const NewDataDir dir(path_);
  ASSERT_OK(MakeDirectories(path_));
  ASSERT_OK_AND_ASSIGN(const DirectoryLock lock, DirectoryLock::Acquire(path_));
  dir.Discard();
  EXPECT_TRUE(Exists());
}

TEST_F(NewDataDirTest, NothingToDiscard) {
  NewDataDir(path_).Discard();
  EXPECT_FALSE(Exists());
}

}  // namespace
}  // namespace paranet::daemon
