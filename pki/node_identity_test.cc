#include "pki/node_identity.h"

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

using ::testing::HasSubstr;

class NodeIdentityTest : public testing::Test {
 protected:
  NodeIdentityTest() : dir_(*TemporaryDirectory::Create()), path_(dir_.path() + "/identity") {}

  TestNetwork network_;
  TemporaryDirectory dir_;
  const std::string path_;
};

TEST_F(NodeIdentityTest, LoadsANodes) {
  network_.IdentityFolder(path_, Role::kNode, "alpha");
  ASSERT_OK_AND_ASSIGN(const auto identity, NodeIdentity::Load(path_, absl::Now()));
  EXPECT_EQ(identity->identity(), network_.IdentityOf("alpha"));
  EXPECT_EQ(identity->key().public_key(), identity->chain().leaf().public_key());
  EXPECT_EQ(identity->trust()->roots()[0].certificate, network_.root().root_certificate());
}

TEST_F(NodeIdentityTest, RefusesOtherRoles) {
  network_.IdentityFolder(path_, Role::kPublisher, "pub");
  EXPECT_THAT(NodeIdentity::Load(path_, absl::Now()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("WRONG_ROLE")));
}

TEST_F(NodeIdentityTest, RefusesExpired) {
  network_.IdentityFolder(path_, "alpha", {.not_after = absl::Now() - absl::Minutes(1)});
  EXPECT_THAT(NodeIdentity::Load(path_, absl::Now()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
}

TEST_F(NodeIdentityTest, RefusesNotYetValid) {
  network_.IdentityFolder(path_, "alpha", {.not_before = absl::Now() + absl::Minutes(5)});
  EXPECT_THAT(NodeIdentity::Load(path_, absl::Now()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("NOT_YET_VALID")));
}

TEST_F(NodeIdentityTest, MissingIsNotFound) {
  EXPECT_THAT(NodeIdentity::Load(path_, absl::Now()), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace paranet::pki
