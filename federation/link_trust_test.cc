#include "federation/link_trust.h"

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "federation/federation_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LinkTrustTest : public testing::Test {
 protected:
  std::shared_ptr<const pki::TrustState> state() { return alpha_.trust().state(); }
  absl::Time end() { return state()->identity->chain().leaf().not_after(); }

  pki::TestNetwork network_;
  TestNode alpha_{network_, "alpha"};
};

TEST_F(LinkTrustTest, OfAGoodCertificateThereIsNothingToSay) {
  const absl::Status status = absl::UnavailableError("lost");
  EXPECT_FALSE(OwnCertificateEnds(*state(), absl::Now()));
  EXPECT_FALSE(OwnCertificateIsRevoked(*state()));
  EXPECT_EQ(ExplainLoss(*state(), absl::Now(), status), status);
}

TEST_F(LinkTrustTest, AnExpiredOneExplainsItself) {
  EXPECT_FALSE(OwnCertificateEnds(*state(), end() - absl::Seconds(61)));
  EXPECT_TRUE(OwnCertificateEnds(*state(), end() - absl::Seconds(59))) << "a peer's clock may be ahead";
  EXPECT_THAT(
      ExplainLoss(*state(), end() + absl::Seconds(1), absl::UnavailableError("lost")),
      StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("own certificate expired"), HasSubstr("(lost)"))));
}

TEST_F(LinkTrustTest, ARevokedOneExplainsItself) {
  ASSERT_OK(alpha_.trust().AdoptRevocationList(MakeList(network_, 1, {"51"})));
  EXPECT_FALSE(OwnCertificateIsRevoked(*state()));
  ASSERT_OK(alpha_.trust().AdoptRevocationList(MakeList(network_, 2, {"51", alpha_.serial()})));
  EXPECT_TRUE(OwnCertificateIsRevoked(*state()));
  EXPECT_THAT(ExplainLoss(*state(), absl::Now(), absl::UnavailableError("lost")),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("revoked"), HasSubstr("(lost)"))));
}

TEST_F(LinkTrustTest, OnlyTimesPass) {
  const std::string before = "certificate of paranet://acme/node/beta refused (";
  EXPECT_TRUE(RefusalPasses(absl::PermissionDeniedError(before + "EXPIRED): it is over")));
  EXPECT_TRUE(RefusalPasses(absl::PermissionDeniedError(before + "NOT_YET_VALID): wait")));
  EXPECT_FALSE(RefusalPasses(absl::PermissionDeniedError(before + "REVOKED): it has not EXPIRED")));
  EXPECT_FALSE(RefusalPasses(absl::UnavailableError("lost")));
}

}  // namespace
}  // namespace paranet
