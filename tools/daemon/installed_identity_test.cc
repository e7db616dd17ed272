#include "tools/daemon/installed_identity.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/identity_folder.h"
#include "pki/network_root.h"

namespace paranet::daemon {
namespace {

class InstalledIdentityTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TemporaryDirectory::Create();
    ASSERT_OK(dir);
    dir_ = std::make_unique<TemporaryDirectory>(*std::move(dir));
    auto root = pki::NetworkRoot::Create(dir_->path() + "/root", "acme", &clock_);
    ASSERT_OK(root);
    root_ = *std::move(root);
    data_dir_ = dir_->path() + "/data";
    ASSERT_OK(MakeDirectories(data_dir_));
  }

  std::unique_ptr<pki::NodeIdentity> Issue() {
    const std::string out = absl::StrCat(dir_->path(), "/issued-", ++issued_);
    auto issued =
        root_->IssueWithNewKey({.identity = {.network = "acme", .role = pki::Role::kNode, .name = "alpha"}}, {});
    EXPECT_OK(issued);
    EXPECT_OK(pki::WriteIdentityFolder(out, issued->key, issued->chain, *root_->trust()));
    auto identity = pki::NodeIdentity::Load(out, absl::Now());
    EXPECT_OK(identity);
    return *std::move(identity);
  }

  std::string InstalledSerial() {
    auto identity = pki::NodeIdentity::Load(InstalledIdentityDir(data_dir_), absl::Now());
    EXPECT_OK(identity);
    return identity.ok() ? (*identity)->chain().leaf().serial() : "";
  }

  SystemClock clock_;
  std::unique_ptr<TemporaryDirectory> dir_;
  std::unique_ptr<pki::NetworkRoot> root_;
  std::string data_dir_;
  int issued_ = 0;
};

TEST_F(InstalledIdentityTest, NewDirectoryIsNeither) {
  EXPECT_EQ(ReadInstalledKind(data_dir_), InstalledKind::kNone);
  EXPECT_EQ(ReadInstalledKind(data_dir_ + "/missing"), InstalledKind::kNone);
}

TEST_F(InstalledIdentityTest, TestNodeStaysOne) {
  ASSERT_OK(MarkAsTestNode(data_dir_));
  ASSERT_OK(MarkAsTestNode(data_dir_));
  EXPECT_EQ(ReadInstalledKind(data_dir_), InstalledKind::kTest);
}

TEST_F(InstalledIdentityTest, IdentityMakesATestNodeStandard) {
  ASSERT_OK(MarkAsTestNode(data_dir_));
  const auto identity = Issue();
  ASSERT_OK(InstallIdentity(data_dir_, *identity));
  EXPECT_EQ(ReadInstalledKind(data_dir_), InstalledKind::kStandard);
  EXPECT_EQ(InstalledSerial(), identity->chain().leaf().serial());
}

TEST_F(InstalledIdentityTest, NewerIdentityReplacesTheOld) {
  const auto first = Issue();
  const auto second = Issue();
  ASSERT_OK(InstallIdentity(data_dir_, *first));
  ASSERT_OK(InstallIdentity(data_dir_, *second));
  EXPECT_EQ(InstalledSerial(), second->chain().leaf().serial());
}

TEST_F(InstalledIdentityTest, LeftoversOfACrashDoNotMatter) {
  ASSERT_OK(MakeDirectories(InstalledIdentityDir(data_dir_) + ".new"));
  ASSERT_OK(WriteFileAtomically(InstalledIdentityDir(data_dir_) + ".new/key.pem", "half"));
  ASSERT_OK(InstallIdentity(data_dir_, *Issue()));
  EXPECT_NE(InstalledSerial(), "");
}

}  // namespace
}  // namespace paranet::daemon
