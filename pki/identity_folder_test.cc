#include "pki/identity_folder.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/identity.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class IdentityFolderTest : public testing::Test {
 protected:
  IdentityFolderTest() : dir_(*TemporaryDirectory::Create()), path_(dir_.path() + "/identity") {}

  absl::Status Load(std::vector<Role> roles = {Role::kNode}, absl::Time now = absl::Now()) {
    return LoadIdentityFolder(path_, roles, now).status();
  }

  TestNetwork network_;
  TemporaryDirectory dir_;
  const std::string path_;
};

TEST_F(IdentityFolderTest, ReadsWhatWasWrittenForEachRole) {
  for (Role role : {Role::kNode, Role::kOperator, Role::kPublisher}) {
    const std::string path = network_.IdentityFolder(dir_.path() + "/" + std::string(RoleName(role)), role, "x");
    ASSERT_OK_AND_ASSIGN(const IdentityFolder folder, LoadIdentityFolder(path, {role}, absl::Now()));
    EXPECT_EQ(folder.identity, network_.IdentityOf("x", role));
    EXPECT_EQ(folder.key.public_key(), folder.chain.leaf().public_key());
    EXPECT_EQ(folder.chain.size(), 2u);
    EXPECT_EQ(folder.trust->roots()[0].network, "acme");
  }
}

TEST_F(IdentityFolderTest, IsOpenToItsOwnerAlone) {
  network_.IdentityFolder(path_, Role::kNode, "alpha");
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const char* file : {"/key.pem", "/chain.pem", "/roots.pem"}) {
    ASSERT_EQ(stat((path_ + file).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file;
  }
}

TEST_F(IdentityFolderTest, IsNeverOverwritten) {
  network_.IdentityFolder(path_, Role::kNode, "alpha");
  const NetworkRoot::IssuedKey other = network_.Issue(Role::kNode, "beta");
  EXPECT_THAT(WriteIdentityFolder(path_, other.key, other.chain, *network_.trust()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const IdentityFolder folder, LoadIdentityFolder(path_, {Role::kNode}, absl::Now()));
  EXPECT_EQ(folder.identity.name, "alpha");
}

TEST_F(IdentityFolderTest, RefusesAKeyThatIsNotTheLeafs) {
  const NetworkRoot::IssuedKey alpha = network_.Issue(Role::kNode, "alpha");
  const NetworkRoot::IssuedKey beta = network_.Issue(Role::kNode, "beta");
  EXPECT_THAT(WriteIdentityFolder(path_, alpha.key, beta.chain, *network_.trust()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(std::filesystem::exists(path_));
  network_.IdentityFolder(path_, Role::kNode, "alpha");
  ASSERT_OK(beta.key.Save(path_ + "/key.pem"));
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key is not the one")));
}

TEST_F(IdentityFolderTest, MissingFolderAndFiles) {
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("paranet root issue")));
  for (const char* file : {"/key.pem", "/chain.pem", "/roots.pem"}) {
    network_.IdentityFolder(path_, Role::kNode, "alpha");
    std::filesystem::remove(path_ + file);
    EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(file))) << file;
    std::filesystem::remove_all(path_);
  }
}

TEST_F(IdentityFolderTest, DamagedFiles) {
  for (const char* file : {"/key.pem", "/chain.pem", "/roots.pem"}) {
    network_.IdentityFolder(path_, Role::kNode, "alpha");
    ASSERT_OK(WriteFileAtomically(path_ + file, "garbage", 0600));
    EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(file))) << file;
    std::filesystem::remove_all(path_);
  }
}

TEST_F(IdentityFolderTest, KeyThatOthersCanRead) {
  network_.IdentityFolder(path_, Role::kNode, "alpha");
  ASSERT_EQ(chmod((path_ + "/key.pem").c_str(), 0644), 0);
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key.pem")));
}

TEST_F(IdentityFolderTest, ChainThatDoesNotVerify) {
  network_.IdentityFolder(path_, Role::kNode, "alpha");
  EXPECT_THAT(Load({Role::kPublisher}), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("WRONG_ROLE")));
  EXPECT_THAT(Load({Role::kNode}, absl::Now() + absl::Hours(25)),
              StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("EXPIRED"), HasSubstr(path_))));
  EXPECT_THAT(Load({Role::kNode}, absl::Now() - absl::Hours(1)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("NOT_YET_VALID")));
  TestNetwork other("other");
  ASSERT_OK(WriteFileAtomically(path_ + "/roots.pem", other.trust()->ToPem(), 0600));
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("UNTRUSTED_ROOT")));
}

}  // namespace
}  // namespace paranet::pki
