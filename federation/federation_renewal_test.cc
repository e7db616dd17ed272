// Links under load while certificates and roots change beneath them: no call fails.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "federation/call_load_testutil.h"
#include "federation/federation_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kCurrent[] = "/weather.v1.Weather/Current";
constexpr char kChat[] = "/weather.v1.Weather/Chat";
constexpr char kNow[] = "/clock.v1.Clock/Now";
constexpr char kTick[] = "/clock.v1.Clock/Tick";

// Alpha dials beta and both call each other, with a stream in each direction that lasts as long as the test.
class FederationRenewalTest : public testing::Test {
 protected:
  FederationRenewalTest() : alpha_(network_, "alpha"), beta_(network_, "beta") {
    alpha_.Offer({MakeSkillSet(R"(
        syntax = "proto3"; package clock.v1; message M {}
        service Clock { rpc Now(M) returns (M); rpc Tick(stream M) returns (stream M); })",
                               "clock.v1.Clock")});
    beta_.Offer({WeatherSkillSet()});
    for (TestNode* const node : {&alpha_, &beta_}) {
      node->actor().AnswerWith(
          [](const CallContext&, const std::string& request) { return UnaryResult{.response = MakePayload(request)}; });
      ServeEcho(node->actor());
      node->Start();
    }
  }

  void Federate() {
    ASSERT_OK(alpha_.Federate(beta_, v1::BIDIRECTIONAL));
    ASSERT_TRUE(Eventually([&] { return beta_.Providers(kNow) == std::vector<std::string>{"alpha"}; }));
    since_ = alpha_.Link("beta")->since_unix_ms();
    alpha_.BeginStream(kChat, chat_);
    beta_.BeginStream(kTick, tick_);
    ExpectStreams();
    up_load_ = std::make_unique<CallLoad>(alpha_, kCurrent);
    down_load_ = std::make_unique<CallLoad>(beta_, kNow);
    // Carried each on a stream.
    large_load_ = std::make_unique<CallLoad>(alpha_, kCurrent, 1, 100 << 10);
    large_down_load_ = std::make_unique<CallLoad>(beta_, kNow, 1, 100 << 10);
  }
  void ExpectStreams() {
    chat_.Send("to beta");
    EXPECT_EQ(chat_.NextResponse(), "to beta");
    tick_.Send("to alpha");
    EXPECT_EQ(tick_.NextResponse(), "to alpha");
  }
  // Names the connection.
  std::string connection() { return beta_.Link("alpha", false)->address(); }
  // `change` brings another connection.
  void ExpectReplacement(const std::function<void()>& change) {
    const std::string before = connection();
    change();
    ASSERT_TRUE(Eventually([&] { return connection() != before; }));
    // And the calls go on, on whichever of the two they are.
    ExpectCalls();
    ExpectStreams();
  }
  void ExpectCalls() {
    for (const auto& load : {up_load_.get(), down_load_.get(), large_load_.get(), large_down_load_.get()}) {
      ASSERT_TRUE(load->WaitForCalls(20));
    }
  }
  // Nothing has failed and nothing has been seen of it.
  void ExpectNoHarm() {
    for (const auto& load : {up_load_.get(), down_load_.get(), large_load_.get(), large_down_load_.get()}) {
      load->Stop();
      EXPECT_THAT(load->failures(), IsEmpty());
    }
    EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
    EXPECT_EQ(alpha_.Link("beta")->since_unix_ms(), since_);
    EXPECT_EQ(alpha_.Link("beta")->last_error(), "");
    EXPECT_EQ(alpha_.Link("beta")->attempts(), 0u);
    EXPECT_EQ(beta_.Link("alpha", false)->state(), v1::LinkInfo::UP);
    EXPECT_EQ(beta_.Link("alpha", false)->last_error(), "");
    // The two streams too.
    EXPECT_EQ(alpha_.Link("beta")->calls_out(), up_load_->calls() + large_load_->calls() + 1);
    EXPECT_EQ(alpha_.Link("beta")->calls_in(), down_load_->calls() + large_down_load_->calls() + 1);
    EXPECT_EQ(beta_.Link("alpha", false)->calls_in(), alpha_.Link("beta")->calls_out());
  }
  void EndStreams() {
    chat_.HalfClose();
    EXPECT_OK(chat_.WaitForStatus());
    tick_.HalfClose();
    EXPECT_OK(tick_.WaitForStatus());
  }

  pki::TestNetwork network_;
  TestNode alpha_, beta_;
  TestStreamCaller chat_, tick_;
  int64_t since_ = 0;
  std::unique_ptr<CallLoad> up_load_, down_load_, large_load_, large_down_load_;
};

TEST_F(FederationRenewalTest, OfTheDialler) {
  Federate();
  ExpectReplacement([&] { alpha_.Renew(network_); });
  ExpectNoHarm();
  EndStreams();
}

TEST_F(FederationRenewalTest, OfTheServer) {
  Federate();
  ExpectReplacement([&] { beta_.Renew(network_); });
  ExpectNoHarm();
  EndStreams();
}

TEST_F(FederationRenewalTest, OfBothAtOnceAndAgainAndAgain) {
  Federate();
  // More often than there may be connections (link_manager.cc): those whose calls have ended are gone.
  for (int i = 0; i < 18; ++i) {
    ExpectReplacement([&] {
      alpha_.Renew(network_);
      beta_.Renew(network_);
    });
  }
  ExpectNoHarm();
  EndStreams();
}

TEST_F(FederationRenewalTest, ComesByItselfBeforeTheServersCertificateEnds) {
  beta_.Renew(network_, absl::Seconds(12));
  Federate();
  // Nobody says anything: two thirds of its life are over.
  const std::string before = connection();
  ASSERT_TRUE(Eventually([&] { return connection() != before; }));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  ExpectReplacement([&] { beta_.Renew(network_); });
  ExpectNoHarm();
}

TEST_F(FederationRenewalTest, OfRoots) {
  Federate();
  // Another root of the same network.
  pki::TestNetwork next;
  ExpectReplacement([&] {
    for (TestNode* const node : {&alpha_, &beta_})
      EXPECT_OK(node->trust().AdoptBundle(MakeBundle(1, {&network_, &next})));
  });
  ExpectReplacement([&] { alpha_.Renew(next); });
  ExpectReplacement([&] { beta_.Renew(next); });
  // What began under the old root does not outlive it.
  EndStreams();
  const std::string before = connection();
  for (TestNode* const node : {&alpha_, &beta_}) EXPECT_OK(node->trust().AdoptBundle(MakeBundle(2, {&next})));
  ASSERT_TRUE(Eventually([&] { return connection() != before; }));
  ExpectCalls();
  ExpectNoHarm();
}

}  // namespace
}  // namespace paranet
