// Links and trust: revocation, expiry, and what each side hears of it.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "federation/call_frames.h"
#include "federation/call_load_testutil.h"
#include "federation/federation_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kCurrent[] = "/weather.v1.Weather/Current";
constexpr char kChat[] = "/weather.v1.Weather/Chat";

class FederationTrustTest : public testing::Test {
 protected:
  FederationTrustTest() : alpha_(network_, "alpha"), beta_(network_, "beta"), gamma_(network_, "gamma") {
    beta_.Offer({WeatherSkillSet()});
    beta_.actor().AnswerWith(
        [](const CallContext&, const std::string& request) { return UnaryResult{.response = MakePayload(request)}; });
    ServeEcho(beta_.actor());
    for (TestNode* const node : {&alpha_, &beta_, &gamma_}) node->Start();
  }
  // Number of the list that `node` goes by; empty if there is none.
  static std::string ListOf(TestNode& node) {
    const auto state = node.trust().state();
    return state->revocations->lists().empty() ? "" : state->revocations->lists()[0].number();
  }
  static std::string LastError(TestNode& node, const std::string& peer, bool dialler) {
    const auto link = node.Link(peer, dialler);
    return link.has_value() ? link->last_error() : "no such link";
  }

  pki::TestNetwork network_;
  TestNode alpha_, beta_, gamma_;
};

TEST_F(FederationTrustTest, ARevokedDiallerIsRefusedAndNobodyElseNotices) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(gamma_.Federate(beta_));
  TestStreamCaller doomed, other;
  alpha_.BeginStream(kChat, doomed);
  doomed.Send("a");
  ASSERT_EQ(doomed.NextResponse(), "a");
  gamma_.BeginStream(kChat, other);
  CallLoad load(gamma_, kCurrent);
  ASSERT_TRUE(load.WaitForCalls(10));
  const std::string connection = beta_.Link("gamma", false)->address();

  ASSERT_OK(beta_.trust().AdoptRevocationList(MakeList(network_, 1, {alpha_.serial()})));

  ASSERT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::REFUSED));
  // From beta's goodbye, or, should that come late, from the list that came before it.
  EXPECT_THAT(LastError(alpha_, "beta", true), AnyOf(HasSubstr("REVOKED"), HasSubstr("has been revoked")));
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta!"));
  EXPECT_THAT(alpha_.CallUnary(kCurrent, "").status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(doomed.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(beta_.Link("alpha", false)->state(), v1::LinkInfo::LISTENING);
  EXPECT_THAT(LastError(beta_, "alpha", false), AllOf(HasSubstr("no longer trusts"), HasSubstr("REVOKED")));

  ASSERT_TRUE(load.WaitForCalls(10));
  load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  other.Send("b");
  EXPECT_EQ(other.NextResponse(), "b");
  EXPECT_EQ(beta_.Link("gamma", false)->address(), connection);
  EXPECT_EQ(gamma_.Link("beta")->attempts(), 0u);

  // Another certificate, another judgement.
  alpha_.Renew(network_);
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
  EXPECT_OK(alpha_.CallUnary(kCurrent, "").status);
}

TEST_F(FederationTrustTest, ARevokedServerIsRefusedForGood) {
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(gamma_.Federate(beta_));
  ASSERT_OK(alpha_.trust().AdoptRevocationList(MakeList(network_, 1, {beta_.serial()})));
  ASSERT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::REFUSED));
  EXPECT_THAT(LastError(alpha_, "beta", true), HasSubstr("REVOKED"));
  // Beta, and by it gamma, have the list from alpha.
  EXPECT_TRUE(gamma_.LinkIs("beta", true, v1::LinkInfo::REFUSED));
  EXPECT_FALSE(alpha_.federation().MayBringSkills());
}

TEST_F(FederationTrustTest, ARevokedNodeGetsNoFurtherThanTheHandshake) {
  const auto ann = network_.Node("ann");
  ASSERT_OK(beta_.trust().AdoptRevocationList(MakeList(network_, 1, {alpha_.serial(), ann->chain().leaf().serial()})));
  EXPECT_THAT(alpha_.Federate(beta_, v1::ONE_WAY, absl::Milliseconds(500)), StatusIs(absl::StatusCode::kUnavailable));
  for (const std::string method : {"Link", "Lane", "Carry"}) {
    EXPECT_THAT(RawStream(*ann, beta_, method, {}).Finish(), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(beta_.AuthorizeDirect(*ann, *beta_.catalogue().snapshot()->FindPath(kCurrent)[0].skill),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(FederationTrustTest, AnOpenConnectionOfARevokedNodeServesNothing) {
  const auto ann = network_.Node("ann");
  RawLink link(*ann, beta_, v1::ONE_WAY);
  const std::string& id = link.welcome.link_id();
  RawStream lane(link.stream, "Lane", {{"paranet-link-id", id}});
  v1::LaneFrames frames;
  v1::CallFrame* const call = frames.add_frames()->mutable_call();
  call->set_call_id(1);
  call->mutable_header()->set_path(kCurrent);
  lane.Send(frames);
  EXPECT_OK(GetStatus(lane.Receive<v1::LaneFrames>()->frames(0).result().status()));

  ASSERT_OK(beta_.trust().AdoptRevocationList(MakeList(network_, 1, {ann->chain().leaf().serial()})));

  const auto goodbye = link.Await([](const v1::LinkMessage& message) { return message.has_goodbye(); });
  ASSERT_TRUE(goodbye.has_value());
  EXPECT_EQ(goodbye->goodbye().reason(), v1::Goodbye::UNTRUSTED);
  EXPECT_THAT(goodbye->goodbye().message(), AllOf(HasSubstr("beta"), HasSubstr("REVOKED")));
  const size_t served = beta_.actor().call_count();
  for (const std::string method : {"Link", "Lane", "Carry"}) {
    EXPECT_THAT(RawStream(link.stream, method, {{"paranet-link-id", id}}).Finish(),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("REVOKED")));
  }
  EXPECT_EQ(beta_.actor().call_count(), served);
}

TEST_F(FederationTrustTest, ListsGoFromNodeToNode) {
  // Before the links are there, and after; along their direction and against it.
  ASSERT_OK(alpha_.trust().AdoptRevocationList(MakeList(network_, 1, {"51"})));
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_OK(beta_.Federate(gamma_));
  EXPECT_TRUE(Eventually([&] { return ListOf(gamma_) == "1"; }));
  ASSERT_OK(alpha_.trust().AdoptRevocationList(MakeList(network_, 2, {"51", "52"})));
  EXPECT_TRUE(Eventually([&] { return ListOf(gamma_) == "2"; }));
  ASSERT_OK(gamma_.trust().AdoptRevocationList(MakeList(network_, 3, {"51"})));
  EXPECT_TRUE(Eventually([&] { return ListOf(alpha_) == "3"; }));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  EXPECT_EQ(alpha_.Link("beta")->attempts(), 0u);
}

TEST_F(FederationTrustTest, AnOlderListIsNotTaken) {
  ASSERT_OK(alpha_.trust().AdoptRevocationList(MakeList(network_, 2, {})));
  ASSERT_OK(beta_.trust().AdoptRevocationList(MakeList(network_, 5, {})));
  ASSERT_OK(alpha_.Federate(beta_));
  EXPECT_TRUE(Eventually([&] { return ListOf(alpha_) == "5"; }));
  EXPECT_EQ(ListOf(beta_), "5");
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
}

TEST_F(FederationTrustTest, ListsThatAreNoneEndTheLinkAndForeignOnesAreNothing) {
  const auto ann = network_.Node("ann");
  pki::TestNetwork other("emca");
  RawLink link(*ann, beta_, v1::ONE_WAY);
  v1::LinkMessage message;
  message.mutable_revocation()->add_revocation_lists(MakeList(other, 9, {}).ToDer());
  message.mutable_revocation()->add_revocation_lists(MakeList(network_, 4, {}).ToDer());
  link.stream.Send(message);
  EXPECT_TRUE(Eventually([&] { return ListOf(beta_) == "4"; }));
  message.mutable_revocation()->add_revocation_lists("rubbish");
  link.stream.Send(message);
  const auto refusal = link.Await([](const v1::LinkMessage& answer) { return answer.has_refusal(); });
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->refusal().reason(), v1::Refusal::PROTOCOL);
  EXPECT_THAT(refusal->refusal().message(), HasSubstr("revocation list"));
}

TEST_F(FederationTrustTest, AServerWhoseCertificateEndsComesBackWithAnother) {
  beta_.Renew(network_, absl::Seconds(4));
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta")->state() != v1::LinkInfo::UP; }));
  EXPECT_TRUE(Eventually([&] { return alpha_.Providers(kCurrent) == std::vector<std::string>{"beta!"}; }));
  EXPECT_TRUE(Eventually([&] { return alpha_.Link("beta")->last_error().find("EXPIRED") != std::string::npos; }));
  EXPECT_NE(alpha_.Link("beta")->state(), v1::LinkInfo::REFUSED);
  beta_.Renew(network_);
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
  EXPECT_OK(alpha_.CallUnary(kCurrent, "").status);
}

TEST_F(FederationTrustTest, ADiallerWhoseCertificateEndsComesBackWithAnother) {
  alpha_.Renew(network_, absl::Seconds(4));
  ASSERT_OK(alpha_.Federate(beta_));
  ASSERT_TRUE(Eventually([&] {
    return LastError(alpha_, "beta", true).find("own certificate expired") != std::string::npos;
  })) << LastError(alpha_, "beta", true);
  EXPECT_NE(alpha_.Link("beta")->state(), v1::LinkInfo::REFUSED);
  EXPECT_THAT(LastError(beta_, "alpha", false), HasSubstr("EXPIRED"));
  alpha_.Renew(network_);
  EXPECT_TRUE(alpha_.LinkIs("beta", true, v1::LinkInfo::UP));
}

TEST_F(FederationTrustTest, WhatCannotBeReplacedGoesOnAsItIs) {
  ASSERT_OK(alpha_.Federate(beta_));
  // Another root of the same network.
  pki::TestNetwork other;
  CallLoad load(alpha_, kCurrent);
  ASSERT_OK(beta_.trust().AdoptBundle(MakeBundle(1, {&network_, &other})));
  beta_.Renew(other);
  // Alpha does not know the root of what beta shows now.
  ASSERT_TRUE(Eventually([&] { return !alpha_.Link("beta")->last_error().empty(); }));
  EXPECT_THAT(LastError(alpha_, "beta", true), AllOf(HasSubstr("cannot be renewed"), HasSubstr("UNTRUSTED_ROOT")));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  ASSERT_TRUE(load.WaitForCalls(50));
  ASSERT_OK(alpha_.trust().AdoptBundle(MakeBundle(1, {&network_, &other})));
  ASSERT_TRUE(Eventually([&] { return alpha_.Link("beta")->last_error().empty(); }));
  EXPECT_EQ(alpha_.Link("beta")->state(), v1::LinkInfo::UP);
  ASSERT_TRUE(load.WaitForCalls(50));
  load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
}

TEST_F(FederationTrustTest, ANewerConnectionLetsTheCallsOfTheOlderEnd) {
  const auto ann = network_.Node("ann");
  RawLink older(*ann, beta_, v1::ONE_WAY);
  RawStream older_lane(older.stream, "Lane", {{"paranet-link-id", older.welcome.link_id()}});
  const auto call = [](RawStream& lane, uint64_t id) {
    v1::LaneFrames frames;
    v1::CallFrame* const frame = frames.add_frames()->mutable_call();
    frame->set_call_id(id);
    frame->mutable_header()->set_path(kCurrent);
    lane.Send(frames);
    const auto answer = lane.Receive<v1::LaneFrames>();
    return answer.has_value() ? GetStatus(answer->frames(0).result().status()) : absl::UnknownError("no answer");
  };
  v1::LinkMessage ack;
  ack.mutable_catalogue_ack()->set_revision(1);
  older.stream.Send(ack);
  EXPECT_OK(call(older_lane, 1));
  ASSERT_TRUE(beta_.LinkIs("ann", false, v1::LinkInfo::UP));

  RawLink newer(*ann, beta_, v1::ONE_WAY, older.welcome.link_id());
  RawStream newer_lane(newer.stream, "Lane", {{"paranet-link-id", newer.welcome.link_id()}});
  // Not complete yet: nothing has changed.
  EXPECT_OK(call(newer_lane, 1));
  EXPECT_OK(call(older_lane, 2));
  EXPECT_EQ(beta_.Link("ann", false)->state(), v1::LinkInfo::UP);
  newer.stream.Send(ack);
  ASSERT_TRUE(
      older.Await([](const v1::LinkMessage& message) { return message.has_drained() || message.has_goodbye(); })
          ->has_drained());
  EXPECT_OK(call(older_lane, 3)) << "the dialler has not moved its calls yet";
  EXPECT_OK(call(newer_lane, 2));
  v1::LinkMessage goodbye;
  goodbye.mutable_goodbye()->set_reason(v1::Goodbye::REPLACED);
  older.stream.Send(goodbye);
  EXPECT_THAT(older.stream.Finish(), StatusIs(absl::StatusCode::kOk));
  EXPECT_OK(call(newer_lane, 3));
  EXPECT_EQ(beta_.Link("ann", false)->state(), v1::LinkInfo::UP);
  EXPECT_EQ(beta_.Link("ann", false)->calls_in(), 6u);
}

TEST_F(FederationTrustTest, ANewerConnectionThatDiesHarmsNothing) {
  const auto ann = network_.Node("ann");
  RawLink older(*ann, beta_, v1::ONE_WAY);
  RawStream lane(older.stream, "Lane", {{"paranet-link-id", older.welcome.link_id()}});
  v1::LinkMessage ack;
  ack.mutable_catalogue_ack()->set_revision(1);
  older.stream.Send(ack);
  ASSERT_TRUE(beta_.LinkIs("ann", false, v1::LinkInfo::UP));
  const auto before = beta_.Link("ann", false);
  { RawLink newer(*ann, beta_, v1::ONE_WAY, older.welcome.link_id()); }
  // Another mode is no replacement; nor is a link of somebody else.
  const auto bob = network_.Node("bob");
  RawLink other(*bob, beta_, v1::ONE_WAY, older.welcome.link_id());
  EXPECT_FALSE(other.welcome.link_id().empty());
  EXPECT_EQ(beta_.Link("ann", false)->since_unix_ms(), before->since_unix_ms());
  EXPECT_EQ(beta_.Link("ann", false)->last_error(), "");
  RawLink wider(*ann, beta_, v1::BIDIRECTIONAL, older.welcome.link_id());
  const auto goodbye = older.Await([](const v1::LinkMessage& message) { return message.has_goodbye(); });
  ASSERT_TRUE(goodbye.has_value());
  EXPECT_EQ(goodbye->goodbye().reason(), v1::Goodbye::REPLACED);
}

}  // namespace
}  // namespace paranet
