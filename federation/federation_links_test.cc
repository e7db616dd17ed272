// The life of links: how they come, stay, come back and end.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "federation/federation_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kCurrent[] = "/weather.v1.Weather/Current";
constexpr char kNow[] = "/clock.v1.Clock/Now";

std::shared_ptr<const SkillSet> ClockSet() {
  return MakeSkillSet(R"(syntax = "proto3"; package clock.v1; message M {} service Clock { rpc Now(M) returns (M); })",
                      "clock.v1.Clock");
}

class FederationLinksTest : public testing::Test {
 protected:
  FederationLinksTest() : alpha_(network_, "alpha"), beta_(network_, "beta") {
    alpha_.Offer({ClockSet()});
    beta_.Offer({WeatherSkillSet()});
    alpha_.Start();
    beta_.Start();
  }
  bool Imports(const std::string& peer) {
    return Eventually([&] { return alpha_.Providers(kCurrent) == std::vector<std::string>{peer}; });
  }

  pki::TestNetwork network_;
  TestNode alpha_, beta_;
};

TEST_F(FederationLinksTest, BothSidesListTheLink) {
  ASSERT_OK_AND_ASSIGN(const v1::LinkInfo info, alpha_.Federate(beta_));
  EXPECT_EQ(info.peer(), "beta");
  EXPECT_EQ(info.address(), beta_.address());
  EXPECT_EQ(info.mode(), v1::ONE_WAY);
  EXPECT_TRUE(info.dialler());
  EXPECT_EQ(info.state(), v1::LinkInfo::UP);
  EXPECT_EQ(info.imports(), 1u);
  EXPECT_EQ(info.exports(), 0u);
  EXPECT_EQ(info.last_error(), "");
  EXPECT_GT(info.since_unix_ms(), 0);
  ASSERT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::UP));
  const auto other = beta_.Link("alpha", false);
  EXPECT_EQ(other->mode(), v1::ONE_WAY);
  EXPECT_EQ(other->imports(), 0u);
  EXPECT_EQ(other->exports(), 1u);
  EXPECT_THAT(other->address(), HasSubstr("127.0.0.1:"));
}

TEST_F(FederationLinksTest, ChangesOfTheCatalogueArrive) {
  ASSERT_OK(alpha_.Federate(beta_));
  beta_.Offer({WeatherSkillSet("1.0.0"), WeatherSkillSet("1.1.0"),
               MakeSkillSet(R"(
      syntax = "proto3"; package news.v1; message M {} service News { rpc Get(M) returns (M); })",
                            "news.v1.News")});
  EXPECT_TRUE(Eventually([&] { return !alpha_.Providers("/news.v1.News/Get").empty(); }));
  EXPECT_EQ(alpha_.catalogue().snapshot()->FindPath(kCurrent).size(), 2u);
  beta_.Offer({});
  EXPECT_TRUE(Eventually([&] { return alpha_.catalogue().snapshot()->FindPath(kCurrent).empty(); }));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
}

TEST_F(FederationLinksTest, ALostLinkIsUnavailableAtOnceAndComesBack) {
  ASSERT_OK(alpha_.Federate(beta_));
  beta_.Kill();
  ASSERT_TRUE(Eventually([&] { return alpha_.Providers(kCurrent) == std::vector<std::string>{"beta!"}; }));
  EXPECT_THAT(alpha_.CallUnary(kCurrent, "").status, StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta")->attempts() >= 2; }));
  EXPECT_NE(alpha_.Link("beta")->last_error(), "");
  beta_.Offer({WeatherSkillSet("3.0.0")});
  beta_.Start();
  ASSERT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
  // What it offers now takes the place of what it offered before.
  const auto snapshot = alpha_.catalogue().snapshot();
  ASSERT_THAT(snapshot->FindPath(kCurrent), SizeIs(1));
  EXPECT_EQ(snapshot->FindPath(kCurrent)[0].entry->set->version().ToString(), "3.0.0");
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta"));
  EXPECT_EQ(alpha_.Link("beta")->last_error(), "");
  EXPECT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::UP));
}

TEST_F(FederationLinksTest, AStoppingServerSaysGoodbye) {
  ASSERT_OK(alpha_.Federate(beta_));
  beta_.Stop();
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta")->state() != v1::LinkInfo::UP; }));
  beta_.Start();
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
}

TEST_F(FederationLinksTest, AStoppingDiallerLeavesTheServerListening) {
  ASSERT_OK(alpha_.Federate(beta_));
  alpha_.Stop();
  ASSERT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::LISTENING));
  EXPECT_THAT(beta_.Link("alpha", false)->last_error(), HasSubstr("node alpha stops"));
}

TEST_F(FederationLinksTest, ARestartedDiallerHasItsLinkWhenItHasStarted) {
  ASSERT_OK(alpha_.Federate(beta_, v1::BIDIRECTIONAL));
  alpha_.Kill();
  ASSERT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::LISTENING));
  alpha_.Start();
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  EXPECT_EQ(alpha_.Link("beta")->mode(), v1::BIDIRECTIONAL);
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta"));
  EXPECT_TRUE(Eventually([&] { return beta_.Providers(kNow) == std::vector<std::string>{"alpha"}; }));
}

TEST_F(FederationLinksTest, ARestartedServerRemembersWhoDialled) {
  ASSERT_OK(alpha_.Federate(beta_, v1::BIDIRECTIONAL));
  ASSERT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::UP));
  alpha_.Kill();
  beta_.Kill();
  beta_.Start();
  ASSERT_TRUE(beta_.Link("alpha", false).has_value());
  EXPECT_EQ(beta_.Link("alpha", false)->state(), v1::LinkInfo::LISTENING);
  EXPECT_TRUE(beta_.federation().MayBringSkills());
  alpha_.Start();
  EXPECT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::UP));
  EXPECT_FALSE(beta_.federation().MayBringSkills());
}

TEST_F(FederationLinksTest, StartReturnsWithoutThePeer) {
  ASSERT_OK(alpha_.Federate(beta_));
  EXPECT_FALSE(alpha_.federation().MayBringSkills());
  alpha_.Stop();
  beta_.Stop();
  alpha_.Start();
  EXPECT_NE(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  EXPECT_TRUE(alpha_.federation().MayBringSkills());
  beta_.Start();
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
  EXPECT_FALSE(alpha_.federation().MayBringSkills());
}

TEST_F(FederationLinksTest, APeerOutOfReachStaysConfigured) {
  beta_.Stop();
  EXPECT_THAT(alpha_.Federate(beta_, v1::ONE_WAY, absl::Milliseconds(300)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("stays configured")));
  ASSERT_TRUE(alpha_.Link("beta").has_value());
  // It is durable.
  alpha_.Stop();
  alpha_.Start();
  beta_.Start();
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
}

TEST_F(FederationLinksTest, APeerThatComesWithinTheDeadlineIsFederated) {
  beta_.Stop();
  absl::StatusOr<v1::LinkInfo> info;
  std::thread operator_([&] { info = alpha_.Federate(beta_); });
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta").has_value() && alpha_.Link("beta")->attempts() > 1; }));
  beta_.Start();
  operator_.join();
  EXPECT_OK(info);
}

TEST_F(FederationLinksTest, OnlyOneFederateOfAPeerAtATime) {
  beta_.Stop();
  std::thread first([&] {
    EXPECT_THAT(alpha_.Federate(beta_, v1::ONE_WAY, absl::Seconds(1)), StatusIs(absl::StatusCode::kUnavailable));
  });
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta").has_value(); }));
  EXPECT_THAT(alpha_.Federate(beta_), StatusIs(absl::StatusCode::kAborted, HasSubstr("already")));
  first.join();
}

TEST_F(FederationLinksTest, StoppingEndsAFederateUnderWay) {
  beta_.Stop();
  std::thread first([&] { EXPECT_THAT(alpha_.Federate(beta_), StatusIs(absl::StatusCode::kUnavailable)); });
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta").has_value(); }));
  alpha_.federation().Stop();
  first.join();
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, RequestsThatMakeNoSenseAreRefused) {
  const auto federate = [&](const std::string& peer, const std::string& address, int mode) {
    v1::FederateRequest request;
    request.set_peer(peer);
    request.set_address(address);
    request.set_mode(static_cast<v1::LinkMode>(mode));
    return alpha_.federation().Federate(request, absl::Now() + kTestPatience).status();
  };
  EXPECT_THAT(federate("alpha", alpha_.address(), 1),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("itself")));
  EXPECT_THAT(federate("", beta_.address(), 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(federate("Be ta", beta_.address(), 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(federate("beta", "", 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")));
  EXPECT_THAT(federate("beta", "host", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(federate("beta", "host:0", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(federate("beta", "host:99999", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(federate("beta", beta_.address(), 7), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("mode 7")));
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, AnotherModeTakesThePlaceOfTheOld) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(alpha_.Federate(beta_, v1::BIDIRECTIONAL));
  EXPECT_EQ(alpha_.Link("beta")->mode(), v1::BIDIRECTIONAL);
  EXPECT_THAT(alpha_.federation().ListLinks(), SizeIs(1));
  EXPECT_THAT(beta_.federation().ListLinks(), SizeIs(1));
  EXPECT_THAT(beta_.Providers(kNow), ElementsAre("alpha"));
  ASSERT_OK(alpha_.Federate(beta_, v1::ONE_WAY));
  EXPECT_TRUE(Eventually([&] { return beta_.Providers(kNow) == std::vector<std::string>{"alpha!"}; }));
  EXPECT_THAT(beta_.CallUnary(kNow, "").status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta"));
}

TEST_F(FederationLinksTest, BothMayDialEachOther) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(beta_.Federate(alpha_));
  EXPECT_EQ(alpha_.Link("beta", true)->state(), v1::LinkInfo::UP);
  EXPECT_TRUE(alpha_.LinkIs("beta", false, v1::LinkInfo::UP));
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta"));
  EXPECT_THAT(beta_.Providers(kNow), ElementsAre("alpha"));
  ASSERT_OK(alpha_.federation().Defederate("beta"));
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
  EXPECT_TRUE(Eventually([&] { return beta_.federation().ListLinks().empty(); }));
  EXPECT_THAT(beta_.Providers(kNow), IsEmpty());
}

TEST_F(FederationLinksTest, OfTwoLinksThatImportTheOtherTakesOver) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(beta_.Federate(alpha_, v1::BIDIRECTIONAL));
  ASSERT_TRUE(alpha_.LinkIs("beta", false, v1::LinkInfo::UP));
  beta_.actor().AnswerWith([](const CallContext&, const std::string&) { return UnaryResult(); });
  // The later one is replaced by one that does not import.
  ASSERT_OK(beta_.Federate(alpha_, v1::ONE_WAY));
  EXPECT_TRUE(Imports("beta"));
  EXPECT_OK(alpha_.CallUnary(kCurrent, "").status);
}

TEST_F(FederationLinksTest, TheDiallerMayEndTheFederation) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(alpha_.federation().Defederate("beta"));
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
  EXPECT_THAT(alpha_.Providers(kCurrent), IsEmpty());
  EXPECT_TRUE(Eventually([&] { return beta_.federation().ListLinks().empty(); }));
  // It stays so.
  alpha_.Stop();
  alpha_.Start();
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, TheServerMayEndTheFederation) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(beta_.federation().Defederate("alpha"));
  EXPECT_TRUE(Eventually([&] { return alpha_.federation().ListLinks().empty(); }));
  EXPECT_THAT(alpha_.Providers(kCurrent), IsEmpty());
  alpha_.Stop();
  alpha_.Start();
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
  // Until the operator wants it again.
  EXPECT_OK(alpha_.Federate(beta_));
  beta_.Kill();
  beta_.Start();
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP)) << "the earlier end was not lifted";
}

TEST_F(FederationLinksTest, TheServerMayEndTheFederationWithADiallerThatIsAway) {
  ASSERT_OK(alpha_.Federate(beta_));
  alpha_.Stop();
  ASSERT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::LISTENING));
  ASSERT_OK(beta_.federation().Defederate("alpha"));
  EXPECT_THAT(beta_.federation().ListLinks(), IsEmpty());
  alpha_.Start();
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
  EXPECT_THAT(beta_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, WhoIsUnknownCannotBeDefederated) {
  ASSERT_OK(alpha_.Federate(beta_));
  EXPECT_THAT(alpha_.federation().Defederate("bete"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("Did you mean \"beta\"?")));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
}

TEST_F(FederationLinksTest, AnotherNodeAtTheAddressIsRefusedAndNothingStays) {
  TestNode gamma(network_, "gamma");
  gamma.Start();
  v1::FederateRequest request;
  request.set_peer("beta");
  request.set_address(gamma.address());
  request.set_mode(v1::ONE_WAY);
  EXPECT_THAT(alpha_.federation().Federate(request, absl::Now() + kTestPatience),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("gamma")));
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
  EXPECT_THAT(gamma.federation().ListLinks(), IsEmpty());
  alpha_.Stop();
  alpha_.Start();
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, ARefusedAttemptLeavesTheOldLinkAsItWas) {
  TestNode gamma(network_, "gamma");
  gamma.Start();
  ASSERT_OK(alpha_.Federate(beta_));
  v1::FederateRequest request;
  request.set_peer("beta");
  request.set_address(gamma.address());
  request.set_mode(v1::BIDIRECTIONAL);
  EXPECT_THAT(alpha_.federation().Federate(request, absl::Now() + kTestPatience),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  EXPECT_EQ(alpha_.Link("beta")->address(), beta_.address());
  EXPECT_EQ(alpha_.Link("beta")->mode(), v1::ONE_WAY);
  beta_.Kill();
  beta_.Start();
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
}

TEST_F(FederationLinksTest, ANodeOfAnotherNetworkIsRefused) {
  pki::TestNetwork other("emca");
  TestNode stranger(other, "beta");
  stranger.Start();
  EXPECT_THAT(alpha_.Federate(stranger), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, AnExpiredPeerIsRefused) {
  pki::TestNetwork::Options options;
  options.not_after = absl::Now() + absl::Seconds(3);
  TestNode gamma(*network_.Node("gamma", options));
  gamma.Start();
  // Its last second belongs to it.
  ASSERT_TRUE(Eventually([&] { return absl::Now() > *options.not_after + absl::Seconds(1); }));
  EXPECT_THAT(alpha_.Federate(gamma), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
  EXPECT_THAT(alpha_.federation().ListLinks(), IsEmpty());
}

TEST_F(FederationLinksTest, AConflictingSetIsLeftOutUntilItFits) {
  alpha_.Offer({MakeSkillSet(R"(
      syntax = "proto3"; package weather.v1; message M { int32 other = 7; }
      service Weather { rpc Current(M) returns (M); })",
                             "weather.v1.Weather")});
  beta_.Offer({WeatherSkillSet("1.0.0"), WeatherSkillSet("1.5.0")});
  ASSERT_OK(alpha_.Federate(beta_));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta")) << "version 1.5.0 does not conflict";
  EXPECT_EQ(alpha_.catalogue().snapshot()->FindPath(kCurrent)[1].entry->providers[0]->name(), "actor-of-alpha@1.0.0");
  alpha_.Offer({});
  EXPECT_TRUE(Eventually([&] {
    const auto snapshot = alpha_.catalogue().snapshot();
    const auto& entries = snapshot->FindPath(kCurrent);
    return entries.size() == 2 && entries[1].entry->providers[0]->name() == "beta";
  }));
}

TEST_F(FederationLinksTest, StopIsIdempotentAndEndsEverything) {
  ASSERT_OK(alpha_.Federate(beta_, v1::BIDIRECTIONAL));
  alpha_.federation().Stop();
  alpha_.federation().Stop();
  EXPECT_THAT(alpha_.Providers(kCurrent), IsEmpty());
  EXPECT_THAT(alpha_.Federate(beta_), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(alpha_.federation().Defederate("beta"), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace paranet
