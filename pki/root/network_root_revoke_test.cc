// Revocation and its lists.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/revocation_list.h"
#include "pki/root/network_root.h"
#include "pki/root/network_root_testutil.h"

namespace paranet::pki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class NetworkRootRevokeTest : public NetworkRootFixture {
 protected:
  NetworkRootRevokeTest() : root_(Create()) {}

  RevocationList TheList() {
    const std::vector<RevocationList> lists = *root_->RevocationLists();
    EXPECT_THAT(lists, SizeIs(1));
    return lists.at(0);
  }

  const std::unique_ptr<NetworkRoot> root_;
};

TEST_F(NetworkRootRevokeTest, RevocationIsOnTheListAtOnce) {
  const Certificate alpha = Issue(*root_, "alpha");
  const Certificate beta = Issue(*root_, "beta");
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle before, root_->Bundle());
  EXPECT_THAT(before.revocation_lists(), SizeIs(0));
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const auto revoked,
                       root_->Revoke(alpha.serial(), RevocationReason::kKeyCompromise, "operator:anna"));
  ASSERT_THAT(revoked, SizeIs(1));
  EXPECT_EQ(revoked[0].identity, "paranet://acme/node/alpha");
  EXPECT_EQ(revoked[0].revoked_at, clock_.Now());

  const RevocationList list = TheList();
  EXPECT_TRUE(list.IsSignedBy(root_->issuing_certificate()));
  const RevokedSerial* entry = list.Find(alpha.serial());
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->revoked_at, clock_.Now());
  EXPECT_EQ(entry->reason, RevocationReason::kKeyCompromise);
  EXPECT_EQ(list.Find(beta.serial()), nullptr);
  EXPECT_EQ(list.this_update(), clock_.Now() - kBackdate);
  EXPECT_EQ(list.next_update(), clock_.Now() + kRevocationListLife);

  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle after, root_->Bundle());
  EXPECT_GT(after.revision(), before.revision());
  EXPECT_THAT(after.revocation_lists(), ElementsAre(list.ToDer()));
  ASSERT_OK_AND_ASSIGN(const auto found, Open()->Find(alpha.serial()));
  EXPECT_EQ(found[0].revoked_at, clock_.Now());
  EXPECT_EQ(found[0].reason, RevocationReason::kKeyCompromise);
  const AuditEvent event = Event(*root_, "revoke");
  EXPECT_EQ(event.actor, "operator:anna");
  EXPECT_EQ(event.detail, alpha.serial() + " keyCompromise");
}

TEST_F(NetworkRootRevokeTest, IdentityMeansAllItsCertificatesInForce) {
  Issue(*root_, "alpha");
  clock_.Advance(kLeafLife + absl::Hours(1));
  const Certificate second = Issue(*root_, "alpha");
  const Certificate third = Issue(*root_, "alpha");
  const Certificate beta = Issue(*root_, "beta");
  ASSERT_OK_AND_ASSIGN(const auto revoked, root_->Revoke("node/alpha", RevocationReason::kUnspecified, "test"));
  ASSERT_THAT(revoked, SizeIs(2));
  EXPECT_EQ(revoked[0].serial, second.serial());
  EXPECT_EQ(revoked[1].serial, third.serial());
  EXPECT_THAT(TheList().entries(), SizeIs(2));
  EXPECT_THAT(root_->Revoke("node/alpha", RevocationReason::kUnspecified, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       testing::AllOf(HasSubstr("was revoked on"), HasSubstr("expired on"))));
}

TEST_F(NetworkRootRevokeTest, RefusalsSignNothing) {
  EXPECT_THAT(root_->Revoke("node/alpha", RevocationReason::kUnspecified, "test"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(root_->Revoke("???", RevocationReason::kUnspecified, "test"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  const Certificate alpha = Issue(*root_, "alpha");
  EXPECT_THAT(root_->Revoke(alpha.serial(), RevocationReason::kRemoveFromCrl, "test"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(root_->Revoke(root_->root_certificate().serial(), RevocationReason::kCaCompromise, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("rotate")));
  EXPECT_THAT(root_->Revoke(root_->issuing_certificate().serial(), RevocationReason::kCaCompromise, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("authority renew")));
  clock_.Advance(kLeafLife + absl::Seconds(1));
  EXPECT_THAT(root_->Revoke(alpha.serial(), RevocationReason::kUnspecified, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("expired on")));
  ASSERT_OK_AND_ASSIGN(const auto lists, root_->RevocationLists());
  EXPECT_THAT(lists, SizeIs(0));
}

TEST_F(NetworkRootRevokeTest, NumbersOnlyGrow) {
  std::vector<RevocationList> lists;
  for (const char* node : {"a", "b", "c"}) {
    Issue(*root_, node);
    ASSERT_OK(root_->Revoke(std::string("node/") + node, RevocationReason::kUnspecified, "test"));
    lists.push_back(TheList());
  }
  EXPECT_TRUE(lists[1].IsNewerThan(lists[0]));
  EXPECT_TRUE(lists[2].IsNewerThan(lists[1]));
  EXPECT_THAT(lists[2].entries(), SizeIs(3));
}

TEST_F(NetworkRootRevokeTest, ListsAreRefreshedAtHalfOfTheirLife) {
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, false, "test"));
  const RevocationList first = TheList();
  EXPECT_THAT(first.entries(), SizeIs(0));
  clock_.Advance(kRevocationListLife / 2 - absl::Minutes(2));
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, false, "test"));
  EXPECT_EQ(TheList(), first);
  clock_.Advance(absl::Minutes(2));
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, false, "test"));
  const RevocationList second = TheList();
  EXPECT_TRUE(second.IsNewerThan(first));
  EXPECT_EQ(second.next_update(), clock_.Now() + kRevocationListLife);
  ASSERT_OK(root_->RefreshRevocationLists(absl::Hours(1), true, "test"));
  EXPECT_EQ(TheList().next_update(), clock_.Now() + absl::Hours(1));
  EXPECT_THAT(root_->RefreshRevocationLists(absl::ZeroDuration(), true, "test"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(NetworkRootRevokeTest, ARevocationKeepsTheLifeOfTheLists) {
  ASSERT_OK(root_->RefreshRevocationLists(absl::Hours(1), true, "test"));
  Issue(*root_, "alpha");
  ASSERT_OK(root_->Revoke("node/alpha", RevocationReason::kUnspecified, "test"));
  EXPECT_EQ(TheList().next_update(), clock_.Now() + absl::Hours(1));
}

// RFC 5280 section 3.3: not before it was on a list made after its end.
TEST_F(NetworkRootRevokeTest, ExpiredCertificatesLeaveTheListOneListLater) {
  const Certificate alpha = Issue(*root_, "alpha");
  ASSERT_OK(root_->Revoke("node/alpha", RevocationReason::kUnspecified, "test"));
  clock_.Advance(kLeafLife + absl::Hours(1));
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, true, "test"));
  EXPECT_NE(TheList().Find(alpha.serial()), nullptr);
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, true, "test"));
  EXPECT_EQ(TheList().Find(alpha.serial()), nullptr);
}

TEST_F(NetworkRootRevokeTest, AnOldIssuingAuthorityIsRevokedByTheRootKey) {
  const Certificate old = root_->issuing_certificate();
  ASSERT_OK(root_->RenewIssuingAuthority({}, "test"));
  ASSERT_OK_AND_ASSIGN(const auto revoked, root_->Revoke(old.serial(), RevocationReason::kCaCompromise, "test"));
  ASSERT_THAT(revoked, SizeIs(1));
  const RevocationList list = TheList();
  EXPECT_TRUE(list.IsSignedBy(root_->root_certificate()));
  ASSERT_NE(list.Find(old.serial()), nullptr);
  EXPECT_EQ(list.Find(old.serial())->reason, RevocationReason::kCaCompromise);
  EXPECT_EQ(list.next_update(), now_ + kIssuingLife);
}

TEST_F(NetworkRootRevokeTest, OthersSeeItWhoHaveTheDirectoryOpen) {
  const auto other = Open();
  const Certificate alpha = Issue(*root_, "alpha");
  ASSERT_OK(other->Revoke("node/alpha", RevocationReason::kUnspecified, "test"));
  EXPECT_NE(TheList().Find(alpha.serial()), nullptr);
  EXPECT_THAT(root_->Renew(alpha, Request("alpha")), StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle bundle, root_->Bundle());
  EXPECT_THAT(bundle.revocation_lists(), SizeIs(1));
  // And go on issuing, with the new revision.
  EXPECT_OK(root_->Issue(Request("beta")));
}

}  // namespace
}  // namespace paranet::pki
