#include "pki/enrolment/enrolment_peer.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/fake_auth_context.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

class EnrolmentPeerTest : public testing::Test {
 protected:
  TestNetwork network_;
  EnrolmentPeers peers_{"acme", 3};
  const absl::Time now_ = absl::Now();
};

TEST_F(EnrolmentPeerTest, TheSameCertificateIsReadOnce) {
  const CertificateChain chain = network_.Node("alpha")->chain();
  ASSERT_OK_AND_ASSIGN(const auto first, peers_.Authenticate(FakeAuthContext(chain), now_));
  EXPECT_EQ(first->identity, network_.IdentityOf("alpha"));
  EXPECT_EQ(first->certificate, chain.leaf());
  ASSERT_OK_AND_ASSIGN(const auto again, peers_.Authenticate(FakeAuthContext(chain), now_));
  EXPECT_EQ(again, first);
  ASSERT_OK_AND_ASSIGN(const auto other, peers_.Authenticate(FakeAuthContext(network_.Node("beta")->chain()), now_));
  EXPECT_EQ(other->identity, network_.IdentityOf("beta"));
}

TEST_F(EnrolmentPeerTest, WhoIsKnownStillExpires) {
  const CertificateChain chain = network_.Node("alpha")->chain();
  const FakeAuthContext context(chain);
  ASSERT_OK(peers_.Authenticate(context, now_));
  EXPECT_OK(peers_.Authenticate(context, chain.leaf().not_after()));
  const absl::Time later = chain.leaf().not_after() + absl::Seconds(1);
  EXPECT_THAT(peers_.Authenticate(context, later), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("expired")));
  EXPECT_OK(peers_.Authenticate(context, now_));
}

TEST_F(EnrolmentPeerTest, NobodyElseIsLetInOrRemembered) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(peers_.Authenticate(FakeAuthContext(), now_), StatusIs(absl::StatusCode::kUnauthenticated));
    EXPECT_THAT(peers_.Authenticate(FakeAuthContext(TestNetwork("umbrella").Node("alpha")->chain()), now_),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("umbrella")));
    EXPECT_THAT(peers_.Authenticate(FakeAuthContext(network_.Issue(Role::kOperator, "eve").chain), now_),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("operator/eve")));
  }
  // As the properties of a connection that is not TLS would never be.
  FakeAuthContext context(network_.Node("alpha")->chain());
  ASSERT_OK(peers_.Authenticate(context, now_));
  context.Set(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME, "insecure");
  EXPECT_THAT(peers_.Authenticate(context, now_), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(EnrolmentPeerTest, MoreThanTheLimitWorkToo) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) {
      const std::string name = absl::StrCat("n", i);
      ASSERT_OK_AND_ASSIGN(const auto peer, peers_.Authenticate(FakeAuthContext(network_.Node(name)->chain()), now_));
      EXPECT_EQ(peer->identity.name, name);
    }
  }
}

}  // namespace
}  // namespace paranet::pki
