#include "pki/verify_stale.h"

#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/revocation_lists.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

class VerifyStaleTest : public testing::Test {
 protected:
  void SetUp() override {
    beta_ = network_.Issue("beta", {.not_after = absl::Now() + absl::Hours(24 * 300)}).chain;
    alpha_ = network_.Issue("alpha", {.not_after = absl::Now() + absl::Hours(24 * 300)}).chain;
    const RevocationList list = network_.Revoke("beta");
    ASSERT_OK_AND_ASSIGN(lists_, RevocationLists::Empty()->With(list, *network_.trust(),
                                                                {network_.root().issuing_certificate()}, absl::Now()));
    late_ = list.next_update() + absl::Hours(1);
  }
  VerifyResult Verify(const CertificateChain& chain, absl::Time time) {
    return VerifyChainByStaleLists(chain, *network_.trust(),
                                   {.time = time, .roles = {Role::kNode}, .revocations = lists_.get()});
  }

  TestNetwork network_;
  CertificateChain alpha_;
  CertificateChain beta_;
  std::shared_ptr<const RevocationLists> lists_;
  absl::Time late_;
};

TEST_F(VerifyStaleTest, AListInForceIsAsEver) {
  EXPECT_EQ(Verify(alpha_, absl::Now()).outcome, VerifyOutcome::kOk);
  EXPECT_EQ(Verify(beta_, absl::Now()).outcome, VerifyOutcome::kRevoked);
}

TEST_F(VerifyStaleTest, AnExpiredListStillRevokesAndStandsInNobodysWay) {
  EXPECT_EQ(VerifyChain(alpha_, *network_.trust(), {.time = late_, .roles = {Role::kNode}, .revocations = lists_.get()})
                .outcome,
            VerifyOutcome::kRevocationUnknown);
  EXPECT_EQ(Verify(alpha_, late_).outcome, VerifyOutcome::kOk);
  const VerifyResult revoked = Verify(beta_, late_);
  EXPECT_EQ(revoked.outcome, VerifyOutcome::kRevoked);
  EXPECT_EQ(revoked.index, 0u);
}

TEST_F(VerifyStaleTest, WhatIsBadOtherwiseStaysBad) {
  EXPECT_EQ(VerifyChainByStaleLists(alpha_, *network_.trust(),
                                    {.time = late_, .roles = {Role::kOperator}, .revocations = lists_.get()})
                .outcome,
            VerifyOutcome::kWrongRole);
  EXPECT_EQ(Verify(alpha_, absl::Now() + absl::Hours(24 * 301)).outcome, VerifyOutcome::kExpired);
}

}  // namespace
}  // namespace paranet::pki
