// Backup and restore.
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/network_root.h"
#include "pki/root/network_root_testutil.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class NetworkRootBackupTest : public NetworkRootFixture {
 protected:
  NetworkRootBackupTest()
      : root_(Create()), file_(temporary_.path() + "/acme.backup"), target_(temporary_.path() + "/restored") {}

  absl::StatusOr<std::unique_ptr<NetworkRoot>> Restore(const std::optional<SecretString>& passphrase = std::nullopt) {
    return NetworkRoot::Restore(file_, target_, passphrase, "operator:anna", &clock_);
  }

  const std::unique_ptr<NetworkRoot> root_;
  const std::string file_;
  const std::string target_;
};

TEST_F(NetworkRootBackupTest, BringsEverythingBack) {
  const Certificate alpha = Issue(*root_, "alpha");
  const Certificate beta = Issue(*root_, "beta");
  const JoinToken token = Token(*root_, "gamma");
  ASSERT_OK(root_->Revoke("node/beta", RevocationReason::kKeyCompromise, "test"));
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  ASSERT_OK(root_->Backup(file_, std::nullopt, "operator:anna"));
  struct stat info;
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  ASSERT_OK_AND_ASSIGN(const auto restored, Restore());
  EXPECT_EQ(restored->root_certificate(), root_->root_certificate());
  EXPECT_THAT(restored->trust()->roots(), SizeIs(2));
  ASSERT_OK_AND_ASSIGN(const auto entries, restored->List());
  EXPECT_THAT(entries, SizeIs(6));
  EXPECT_OK(restored->Enroll(token, Request("gamma")));
  EXPECT_OK(restored->Renew(alpha, Request("alpha")));
  EXPECT_THAT(restored->Renew(beta, Request("beta")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Event(*restored, "backup").detail, file_);
  EXPECT_EQ(Event(*restored, "restore").actor, "operator:anna");
  EXPECT_EQ(Event(*root_, "backup").actor, "operator:anna");
  // The root key too.
  EXPECT_OK(restored->RenewIssuingAuthority({}, "test"));
  for (const auto& entry : std::filesystem::directory_iterator(target_)) {
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_F(NetworkRootBackupTest, KeysAreEncryptedInIt) {
  const std::string secret = *ReadFile(dir_ + "/issuing.key.pem");
  // The second line: the first is the same in every key.
  const std::string line = secret.substr(secret.find('\n') + 66, 40);
  ASSERT_OK(root_->Backup(file_ + ".plain", std::nullopt, "test"));
  EXPECT_TRUE(absl::StrContains(*ReadFile(file_ + ".plain"), line));
  ASSERT_OK(root_->Backup(file_, SecretString("open sesame"), "test"));
  EXPECT_FALSE(absl::StrContains(*ReadFile(file_), line));

  EXPECT_THAT(Restore(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("passphrase")));
  EXPECT_THAT(Restore(SecretString("sesame open")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_FALSE(std::filesystem::exists(target_));
  ASSERT_OK_AND_ASSIGN(const auto restored, Restore(SecretString("open sesame")));
  EXPECT_OK(restored->Issue(Request("alpha")));
}

TEST_F(NetworkRootBackupTest, WithoutTheRootKeyIfThatIsElsewhere) {
  std::filesystem::remove(dir_ + "/root.key.pem");
  ASSERT_OK(root_->Backup(file_, std::nullopt, "test"));
  ASSERT_OK_AND_ASSIGN(const auto restored, Restore());
  EXPECT_FALSE(std::filesystem::exists(target_ + "/root.key.pem"));
}

// What nodes have heard after the backup was made does not stop them from listening.
TEST_F(NetworkRootBackupTest, NumbersGoOnAfterAnOldBackup) {
  Issue(*root_, "alpha");
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, true, "test"));
  ASSERT_OK(root_->Backup(file_, std::nullopt, "test"));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(root_->Revoke("node/alpha", RevocationReason::kUnspecified, "test"));
  ASSERT_OK_AND_ASSIGN(const auto newest, root_->RevocationLists());
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle bundle, root_->Bundle());
  clock_.Advance(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const auto restored, Restore());
  ASSERT_OK_AND_ASSIGN(const auto lists, restored->RevocationLists());
  EXPECT_TRUE(lists[0].IsNewerThan(newest[0]));
  EXPECT_GT(restored->Bundle()->revision(), bundle.revision());
}

TEST_F(NetworkRootBackupTest, IsOfOneMomentWhileOthersWrite) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 30; ++j) EXPECT_OK(root_->Issue(Request("alpha")));
    });
  }
  for (int i = 0; i < 3; ++i) EXPECT_OK(root_->Backup(absl::StrCat(file_, i), std::nullopt, "test"));
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(NetworkRoot::Restore(absl::StrCat(file_, i), absl::StrCat(target_, i), std::nullopt, "test", &clock_));
  }
}

TEST_F(NetworkRootBackupTest, NothingIsOverwritten) {
  ASSERT_OK(root_->Backup(file_, std::nullopt, "test"));
  EXPECT_THAT(root_->Backup(file_, std::nullopt, "test"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(NetworkRoot::Restore(file_, dir_, std::nullopt, "test", &clock_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootBackupTest, DamagedBackupMakesNothing) {
  ASSERT_OK(root_->Backup(file_, std::nullopt, "test"));
  const std::string good = *ReadFile(file_);
  for (size_t at : {size_t{0}, size_t{20}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    ASSERT_OK(WriteFileAtomically(file_, bad, 0600));
    EXPECT_THAT(Restore(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(file_))) << at;
  }
  for (const std::string& bad : {std::string(), good.substr(0, good.size() / 2), good + "x", std::string("hello")}) {
    ASSERT_OK(WriteFileAtomically(file_, bad, 0600));
    EXPECT_THAT(Restore(), StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_FALSE(std::filesystem::exists(target_));
  std::filesystem::remove(file_);
  EXPECT_THAT(Restore(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(file_)));
}

}  // namespace
}  // namespace paranet::pki
