#include "core/node/installed_kind.h"

#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class InstalledKindTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
  }
  const std::string& path() const { return dir_->path(); }

  std::optional<TemporaryDirectory> dir_;
};

TEST_F(InstalledKindTest, NewDirectoryIsNeither) {
  EXPECT_EQ(ReadInstalledKind(path()), InstalledKind::kNone);
  EXPECT_EQ(ReadInstalledKind(path() + "/missing"), InstalledKind::kNone);
}

TEST_F(InstalledKindTest, TestNodeStaysOne) {
  ASSERT_OK(MarkAsTestNode(path()));
  ASSERT_OK(MarkAsTestNode(path()));
  EXPECT_EQ(ReadInstalledKind(path()), InstalledKind::kTest);
}

TEST_F(InstalledKindTest, AnIdentityIsAStandardNodesWhateverTheMark) {
  ASSERT_OK(MarkAsTestNode(path()));
  ASSERT_OK(MakeDirectories(InstalledIdentityDir(path())));
  EXPECT_EQ(ReadInstalledKind(path()), InstalledKind::kStandard);
}

TEST_F(InstalledKindTest, TheMarkGoes) {
  ASSERT_OK(MarkAsTestNode(path()));
  ASSERT_OK(UnmarkTestNode(path()));
  ASSERT_OK(UnmarkTestNode(path()));
  EXPECT_EQ(ReadInstalledKind(path()), InstalledKind::kNone);
}

}  // namespace
}  // namespace paranet
