#include "pki/enrolment/trust_agent.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/enrolment/enrolment_testutil.h"

namespace paranet::pki {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TrustAgentTest : public testing::Test {
 protected:
  void SetUp() override {
    served_.Serve();
    alpha_ = served_.Node("alpha");
  }

  std::unique_ptr<TrustAgent> StartAgent(const std::shared_ptr<NodeTrust>& trust) {
    return TrustAgent::Start(trust, {.clock = &served_.clock(),
                                     .logger = MakeStderrLogger("agent"),
                                     .first_pause = absl::Milliseconds(1),
                                     .longest_pause = absl::Milliseconds(20)});
  }
  static std::string Serial(const std::shared_ptr<NodeTrust>& trust) {
    return trust->state()->identity->chain().leaf().serial();
  }
  // Until the agent has seen the time, which it looks at now and then.
  static bool Renewed(TrustAgent& agent, uint64_t times) {
    return Eventually([&] {
      agent.Wake();
      return agent.report().renewals >= times;
    });
  }

  ServedRoot served_;
  std::shared_ptr<NodeTrust> alpha_;
};

TEST_F(TrustAgentTest, RenewsAtHalfLifeWithAFreshKey) {
  const auto agent = StartAgent(alpha_);
  const std::string first = Serial(alpha_);
  const std::string first_key = alpha_->state()->identity->key().public_key();
  ASSERT_TRUE(Eventually([&] { return agent->report().next_renewal != absl::InfiniteFuture(); }));
  const absl::Duration until = agent->report().next_renewal - served_.clock().Now();
  EXPECT_GT(until, absl::Hours(10));
  EXPECT_LT(until, absl::Hours(14));
  EXPECT_EQ(agent->report().renewals, 0U);
  for (uint64_t times = 1; times <= 3; ++times) {
    served_.clock().Advance(absl::Hours(14));
    ASSERT_TRUE(Renewed(*agent, times));
    EXPECT_EQ(agent->report().warning, "");
  }
  EXPECT_NE(Serial(alpha_), first);
  EXPECT_NE(alpha_->state()->identity->key().public_key(), first_key);
  EXPECT_EQ(alpha_->state()->identity->key().public_key(), alpha_->state()->identity->chain().leaf().public_key());
}

TEST_F(TrustAgentTest, FailuresAreReportedAndOvercome) {
  const auto agent = StartAgent(alpha_);
  served_.StopServing();
  served_.clock().Advance(absl::Hours(20));
  ASSERT_TRUE(Eventually([&] {
    agent->Wake();
    return agent->report().failures > 0;
  }));
  EXPECT_THAT(agent->report().warning, AllOf(HasSubstr("not been renewed"), HasSubstr(served_.address())));
  served_.Serve();
  ASSERT_TRUE(Eventually([&] {
    served_.clock().Advance(absl::Seconds(1));
    agent->Wake();
    return agent->report().renewals == 1;
  }));
  EXPECT_EQ(agent->report().warning, "");
  EXPECT_EQ(agent->report().last_error, "");
}

TEST_F(TrustAgentTest, AnExpiredCertificateIsSaidSo) {
  const auto agent = StartAgent(alpha_);
  served_.clock().Advance(absl::Hours(25));
  agent->Wake();
  EXPECT_THAT(agent->report().warning, AllOf(HasSubstr("expired at"), HasSubstr("node enroll")));
  // A new token alone brings it back, and the agent goes on with what it brought.
  const JoinToken token = served_.Token("alpha");
  absl::StatusOr<IssuedIdentity> issued = absl::UnknownError("not asked");
  // The service renews its own certificate first.
  ASSERT_TRUE(Eventually([&] { return (issued = served_.Enroll(token, "alpha")).ok(); })) << issued.status();
  ASSERT_OK(alpha_->Reinstall(*issued->identity, served_.address(), issued->bundle));
  EXPECT_EQ(agent->report().warning, "");
  EXPECT_TRUE(Eventually([&] { return agent->report().watching; }));
}

TEST_F(TrustAgentTest, RenewNow) {
  const auto agent = StartAgent(alpha_);
  const std::string first = Serial(alpha_);
  ASSERT_OK(agent->RenewNow(absl::Now() + absl::Minutes(1)));
  EXPECT_NE(Serial(alpha_), first);
  EXPECT_EQ(agent->report().renewals, 1U);
  served_.StopServing();
  EXPECT_THAT(agent->RenewNow(absl::Now() + absl::Minutes(1)), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TrustAgentTest, RevocationArrivesAtTheNode) {
  const auto beta = served_.Node("beta");
  const auto agent = StartAgent(alpha_);
  ASSERT_OK(served_.OpenAgain()->Revoke("node/beta", RevocationReason::kKeyCompromise, "test"));
  const Certificate leaf = beta->state()->identity->chain().leaf();
  EXPECT_TRUE(Eventually([&] {
    const auto state = alpha_->state();
    const RevocationList* list = state->revocations->Of(leaf.issuer_der(), leaf.authority_key_id());
    return list != nullptr && list->Find(leaf.serial()) != nullptr;
  }));
}

TEST_F(TrustAgentTest, ARotationNeedsNobody) {
  const auto agent = StartAgent(alpha_);
  ASSERT_OK(served_.root().PrepareRotation(std::nullopt, "test"));
  EXPECT_TRUE(Eventually([&] { return served_.root().ActivateRotation("test").ok(); }));
  const std::string active = served_.root().root_certificate().fingerprint();
  // The time that nodes spread their renewals over.
  ASSERT_TRUE(Eventually([&] {
    served_.clock().Advance(absl::Milliseconds(100));
    agent->Wake();
    return agent->report().renewals > 0;
  }));
  EXPECT_TRUE(Eventually([&] { return served_.root().RetireRotation("test").ok(); }))
      << served_.root().RetireRotation("test");
  EXPECT_TRUE(Eventually([&] { return alpha_->state()->identity->trust()->roots().size() == 1; }));
  EXPECT_EQ(alpha_->state()->identity->trust()->roots()[0].certificate.fingerprint(), active);
}

TEST_F(TrustAgentTest, ANodeWithoutAnEndpointIsLeftAloneUntilItGetsOne) {
  const auto state = alpha_->state();
  const std::string dir = served_.DirOf("by-files");
  ASSERT_OK_AND_ASSIGN(
      std::shared_ptr<NodeTrust> trust,
      NodeTrust::Install({.dir = dir, .clock = &served_.clock(), .logger = MakeNullLogger()}, *state->identity, ""));
  const auto agent = StartAgent(trust);
  EXPECT_THAT(agent->RenewNow(absl::Now() + absl::Minutes(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("by files")));
  EXPECT_EQ(agent->report().next_renewal, absl::InfiniteFuture());
  served_.clock().Advance(absl::Hours(20));
  EXPECT_THAT(agent->report().warning, HasSubstr("set up by files"));
  const JoinToken token = served_.Token("alpha");
  absl::StatusOr<IssuedIdentity> issued = absl::UnknownError("not asked");
  ASSERT_TRUE(Eventually([&] { return (issued = served_.Enroll(token, "alpha")).ok(); })) << issued.status();
  ASSERT_OK(trust->Reinstall(*issued->identity, served_.address(), issued->bundle));
  EXPECT_TRUE(Eventually([&] { return agent->report().watching; }));
  EXPECT_TRUE(Eventually([&] { return agent->report().next_renewal != absl::InfiniteFuture(); }));
}

TEST_F(TrustAgentTest, TheStreamComesBack) {
  const auto agent = StartAgent(alpha_);
  ASSERT_TRUE(Eventually([&] { return agent->report().watching; }));
  served_.StopServing();
  ASSERT_TRUE(Eventually([&] { return !agent->report().watching; }));
  served_.Serve();
  EXPECT_TRUE(Eventually([&] { return agent->report().watching; }));
}

TEST_F(TrustAgentTest, EndsWhileTheServiceSaysNothing) {
  // A service that accepts and says nothing.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto state = alpha_->state();
  ASSERT_OK_AND_ASSIGN(
      std::shared_ptr<NodeTrust> trust,
      NodeTrust::Install({.dir = served_.DirOf("silent"), .clock = &served_.clock(), .logger = MakeNullLogger()},
                         *state->identity, absl::StrCat("127.0.0.1:", ntohs(address.sin_port))));
  served_.clock().Advance(absl::Hours(14));
  auto agent = StartAgent(trust);
  // The stream and the renewal.
  const int first = accept(listener, nullptr, nullptr);
  const int second = accept(listener, nullptr, nullptr);
  agent.reset();
  close(first);
  close(second);
  close(listener);
}

}  // namespace
}  // namespace paranet::pki
