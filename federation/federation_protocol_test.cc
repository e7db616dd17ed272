// What a node says to a peer that does not keep to the protocol, or may not do what it asks.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "federation/call_frames.h"
#include "federation/federation_testutil.h"
#include "federation/handshake.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kCurrent[] = "/weather.v1.Weather/Current";

class ProtocolTest : public testing::Test {
 protected:
  ProtocolTest() : beta_(network_, "beta"), alpha_(network_.Node("alpha")) {
    beta_.Offer({WeatherSkillSet(), MakeSkillSet(R"(
        syntax = "proto3"; package secret.v1; import "paranet/v1/options.proto"; message M {}
        service S { option (paranet.v1.skill_set).private = true; rpc Do(M) returns (M); })",
                                                 "secret.v1.S")});
    beta_.actor().AnswerWith([](const CallContext&, const std::string&) { return UnaryResult(); });
    beta_.Start();
  }
  // The refusal of the Hello that `change` has changed.
  v1::Refusal Refusal(const pki::NodeIdentity& client, const std::function<void(v1::Hello&)>& change) {
    RawStream stream(client, beta_, "Link", {});
    v1::LinkMessage message;
    *message.mutable_hello() = MakeHello(client.identity(), "beta", v1::ONE_WAY, true);
    change(*message.mutable_hello());
    stream.Send(message);
    const auto answer = stream.Receive<v1::LinkMessage>();
    EXPECT_OK(stream.Finish());
    return answer.value_or(v1::LinkMessage()).refusal();
  }
  // The result of one call on a lane of `link`.
  absl::Status CallOnLane(RawLink& link, const std::string& path, uint32_t hops = 1) {
    RawStream lane(link.stream, "Lane", {{"paranet-link-id", link.welcome.link_id()}});
    v1::LaneFrames frames;
    v1::CallFrame* const call = frames.add_frames()->mutable_call();
    call->set_call_id(1);
    call->mutable_header()->set_path(path);
    call->mutable_header()->set_hops(hops);
    lane.Send(frames);
    const auto answer = lane.Receive<v1::LaneFrames>();
    if (!answer.has_value()) return absl::UnknownError("no answer");
    return GetStatus(answer->frames(0).result().status());
  }

  pki::TestNetwork network_;
  TestNode beta_;
  std::unique_ptr<pki::NodeIdentity> alpha_;
};

TEST_F(ProtocolTest, EachWrongHelloGetsItsRefusal) {
  EXPECT_EQ(Refusal(*alpha_, [](v1::Hello& h) { h.set_version_min(9), h.set_version_max(9); }).reason(),
            v1::Refusal::VERSION);
  EXPECT_EQ(Refusal(*alpha_, [](v1::Hello& h) { h.set_node("gamma"); }).reason(), v1::Refusal::NODE_NAME);
  EXPECT_EQ(Refusal(*alpha_, [](v1::Hello& h) { h.set_expected_node("gamma"); }).reason(), v1::Refusal::NODE_NAME);
  EXPECT_EQ(Refusal(*alpha_, [](v1::Hello& h) { h.set_network("emca"); }).reason(), v1::Refusal::NETWORK_NAME);
  EXPECT_EQ(Refusal(*alpha_, [](v1::Hello& h) { h.clear_mode(); }).reason(), v1::Refusal::MODE);
  EXPECT_EQ(Refusal(*alpha_, [](v1::Hello& h) { h.clear_limits(); }).reason(), v1::Refusal::PROTOCOL);
  EXPECT_EQ(Refusal(*network_.Node("beta"), [](v1::Hello&) {}).reason(), v1::Refusal::SELF);
  EXPECT_THAT(beta_.federation().ListLinks(), IsEmpty());
}

TEST_F(ProtocolTest, AnOperatorDoesNotFederate) {
  const auto ann = network_.Node("ann", {.role = pki::Role::kOperator});
  const v1::Refusal refusal = Refusal(*ann, [](v1::Hello&) {});
  EXPECT_EQ(refusal.reason(), v1::Refusal::NOT_A_NODE);
  EXPECT_THAT(refusal.message(), HasSubstr("paranet://acme/operator/ann"));
}

TEST_F(ProtocolTest, ALinkBeginsWithHello) {
  RawStream other(*alpha_, beta_, "Link", {});
  v1::LinkMessage message;
  message.mutable_goodbye();
  other.Send(message);
  EXPECT_EQ(other.Receive<v1::LinkMessage>()->refusal().reason(), v1::Refusal::PROTOCOL);
  RawStream rubbish(*alpha_, beta_, "Link", {});
  rubbish.SendBytes("\xff\xff");
  EXPECT_EQ(rubbish.Receive<v1::LinkMessage>()->refusal().reason(), v1::Refusal::PROTOCOL);
}

TEST_F(ProtocolTest, TheHandshakeLeadsToASnapshot) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  EXPECT_EQ(link.welcome.node(), "beta");
  EXPECT_EQ(link.welcome.network(), "acme");
  EXPECT_GE(link.welcome.link_id().size(), 32u);
  const auto message = link.stream.Receive<v1::LinkMessage>();
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(message->catalogue().snapshot());
  ASSERT_EQ(message->catalogue().upserts_size(), 1) << "the private set is not shown";
  EXPECT_EQ(message->catalogue().upserts(0).name(), "weather.v1.Weather");
}

TEST_F(ProtocolTest, ASecondHelloEndsTheLinkForGood) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  v1::LinkMessage hello;
  *hello.mutable_hello() = MakeHello(alpha_->identity(), "beta", v1::ONE_WAY, true);
  link.stream.Send(hello);
  std::optional<v1::LinkMessage> message;
  do {
    message = link.stream.Receive<v1::LinkMessage>();
  } while (message.has_value() && !message->has_refusal());
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->refusal().reason(), v1::Refusal::PROTOCOL);
}

TEST_F(ProtocolTest, AOneWayDiallerMayNotExport) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  v1::LinkMessage update;
  update.mutable_catalogue()->set_revision(1);
  update.mutable_catalogue()->set_snapshot(true);
  update.mutable_catalogue()->set_last_chunk(true);
  *update.mutable_catalogue()->add_upserts() = WeatherSkillSet("7.0.0")->ToProto(true, true);
  link.stream.Send(update);
  std::optional<v1::LinkMessage> message;
  do {
    message = link.stream.Receive<v1::LinkMessage>();
  } while (message.has_value() && !message->has_refusal());
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(message->refusal().message(), HasSubstr("does not permit"));
  EXPECT_EQ(beta_.catalogue().snapshot()->FindPath(kCurrent).size(), 1u);
}

TEST_F(ProtocolTest, ACatalogueThatSkipsARevisionEndsTheLink) {
  RawLink link(*alpha_, beta_, v1::BIDIRECTIONAL);
  v1::LinkMessage update;
  update.mutable_catalogue()->set_revision(5);
  link.stream.Send(update);
  std::optional<v1::LinkMessage> message;
  do {
    message = link.stream.Receive<v1::LinkMessage>();
  } while (message.has_value() && !message->has_refusal());
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(message->refusal().message(), HasSubstr("revision"));
}

TEST_F(ProtocolTest, LaneCallsAreCheckedOneByOne) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  RawStream lane(link.stream, "Lane", {{"paranet-link-id", link.welcome.link_id()}});
  v1::LaneFrames frames;
  uint64_t id = 0;
  for (const std::string path : {kCurrent, "/secret.v1.S/Do", "/no.Such/Thing", "/weather.v1.Weather/Watch"}) {
    v1::CallFrame* const call = frames.add_frames()->mutable_call();
    call->set_call_id(++id);
    call->mutable_header()->set_path(path);
  }
  v1::CallFrame* const far = frames.add_frames()->mutable_call();
  far->set_call_id(++id);
  far->mutable_header()->set_path(kCurrent);
  far->mutable_header()->set_hops(17);
  lane.Send(frames);
  std::vector<absl::Status> results(id + 1);
  for (uint64_t received = 0; received < id;) {
    const auto answer = lane.Receive<v1::LaneFrames>();
    ASSERT_TRUE(answer.has_value());
    for (const v1::LaneFrame& frame : answer->frames()) {
      results[frame.result().call_id()] = GetStatus(frame.result().status());
      ++received;
    }
  }
  EXPECT_OK(results[1]);
  EXPECT_THAT(results[2], StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(results[3], StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(results[4], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("open a stream")));
  EXPECT_THAT(results[5], StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ProtocolTest, AClosedLaneEndsTheLink) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  { RawStream lane(link.stream, "Lane", {{"paranet-link-id", link.welcome.link_id()}}); }
  EXPECT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::LISTENING));
}

TEST_F(ProtocolTest, StreamsNeedALinkOfTheirOwnPeer) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  const auto gamma = network_.Node("gamma");
  for (const std::string method : {"Lane", "Carry"}) {
    EXPECT_THAT(RawStream(*alpha_, beta_, method, {}).Finish(), StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(RawStream(*alpha_, beta_, method, {{"paranet-link-id", "x"}}).Finish(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(RawStream(*gamma, beta_, method, {{"paranet-link-id", link.welcome.link_id()}}).Finish(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(RawStream(*alpha_, beta_, "Nothing", {}).Finish(), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(ProtocolTest, NobodyClaimsACallThatDoesNotWait) {
  RawLink link(*alpha_, beta_, v1::BIDIRECTIONAL);
  const std::string& id = link.welcome.link_id();
  EXPECT_THAT(RawStream(link.stream, "Carry", {{"paranet-link-id", id}, {"paranet-carry-id", "42"}}).Finish(),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(RawStream(link.stream, "Carry", {{"paranet-link-id", id}, {"paranet-carry-id", "x"}}).Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ProtocolTest, ACarriedCallIsCheckedToo) {
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  const auto carry = [&](const std::string& path) {
    RawStream stream(link.stream, "Carry", {{"paranet-link-id", link.welcome.link_id()}});
    v1::CarryFrame frame;
    frame.mutable_header()->set_path(path);
    stream.Send(frame);
    const auto answer = stream.Receive<v1::CarryFrame>();
    return answer.has_value() ? GetStatus(answer->status()) : absl::UnknownError("no answer");
  };
  EXPECT_THAT(carry("/secret.v1.S/Do"), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(carry("/no.Such/Thing"), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(ProtocolTest, ANewerConnectionTakesThePlaceOfTheOlder) {
  RawLink older(*alpha_, beta_, v1::ONE_WAY);
  RawLink newer(*alpha_, beta_, v1::ONE_WAY);
  std::optional<v1::LinkMessage> message;
  do {
    message = older.stream.Receive<v1::LinkMessage>();
  } while (message.has_value() && !message->has_goodbye());
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->goodbye().reason(), v1::Goodbye::REPLACED);
  EXPECT_EQ(beta_.federation().ListLinks().size(), 1u);
  EXPECT_OK(CallOnLane(newer, kCurrent));
}

// --- the dialler's side ---

TEST_F(ProtocolTest, TheDiallerChecksTheWelcome) {
  const auto federate = [&](const std::function<void(v1::LinkMessage&)>& change) {
    v1::LinkMessage answer;
    *answer.mutable_welcome() = MakeWelcome(network_.IdentityOf("delta"), "id");
    change(answer);
    FakePeer delta(network_, "delta", answer);
    v1::FederateRequest request;
    request.set_peer("delta");
    request.set_address(delta.address());
    request.set_mode(v1::ONE_WAY);
    return beta_.federation().Federate(request, absl::Now() + kTestPatience).status();
  };
  EXPECT_THAT(federate([](v1::LinkMessage& m) { m.mutable_welcome()->set_version(2); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version 2")));
  EXPECT_THAT(federate([](v1::LinkMessage& m) { m.mutable_welcome()->set_node("epsilon"); }),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("epsilon")));
  EXPECT_THAT(federate([](v1::LinkMessage& m) { m.mutable_welcome()->set_network("emca"); }),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("emca")));
  EXPECT_THAT(federate([](v1::LinkMessage& m) { m.mutable_goodbye(); }),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("does not speak")));
  EXPECT_THAT(
      federate([](v1::LinkMessage& m) { *m.mutable_refusal() = MakeRefusal(v1::Refusal::VERSION, "update yourself"); }),
      StatusIs(absl::StatusCode::kFailedPrecondition, "update yourself"));
  EXPECT_THAT(
      federate([](v1::LinkMessage& m) { *m.mutable_refusal() = MakeRefusal(v1::Refusal::NODE_NAME, "go away"); }),
      StatusIs(absl::StatusCode::kPermissionDenied, "go away"));
  EXPECT_THAT(beta_.federation().ListLinks(), IsEmpty());
}

TEST_F(ProtocolTest, ARefusalOfADurableLinkIsFinal) {
  TestNode gamma(network_, "gamma");
  gamma.Start();
  ASSERT_OK(gamma.Federate(beta_));
  const std::string address = beta_.address();
  beta_.Stop();
  v1::LinkMessage answer;
  *answer.mutable_refusal() = MakeRefusal(v1::Refusal::VERSION, "update yourself");
  FakePeer changed(network_, "beta", answer, address);
  ASSERT_TRUE(gamma.LinkIs("beta", true, v1::LinkInfo::REFUSED));
  EXPECT_EQ(gamma.Link("beta")->last_error(), "update yourself");
  EXPECT_FALSE(gamma.federation().MayBringSkills());
  EXPECT_THAT(gamma.Providers(kCurrent), testing::ElementsAre("beta!"));
}

// --- direct calls on the listener ---

// A node that serves skills by their own paths to whom its federation lets.
class AuthorizeTest : public ProtocolTest {
 protected:
  absl::Status Authorize(const pki::NodeIdentity& client, const std::string& path) {
    const auto snapshot = beta_.catalogue().snapshot();
    return beta_.AuthorizeDirect(client, *snapshot->FindPath(path).at(0).skill);
  }
};

TEST_F(AuthorizeTest, OperatorsMayAndNodesThatImportMay) {
  EXPECT_OK(Authorize(*network_.Node("ann", {.role = pki::Role::kOperator}), kCurrent));
  EXPECT_THAT(Authorize(*alpha_, kCurrent),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("paranet federate --from alpha --to beta")));
  {
    RawLink link(*alpha_, beta_, v1::ONE_WAY);
    EXPECT_OK(Authorize(*alpha_, kCurrent));
    EXPECT_THAT(Authorize(*alpha_, "/secret.v1.S/Do"), StatusIs(absl::StatusCode::kPermissionDenied));
    EXPECT_THAT(Authorize(*network_.Node("gamma"), kCurrent), StatusIs(absl::StatusCode::kPermissionDenied));
  }
  ASSERT_TRUE(beta_.LinkIs("alpha", false, v1::LinkInfo::LISTENING));
  EXPECT_THAT(Authorize(*alpha_, kCurrent), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(AuthorizeTest, ImportsAreNotForPeers) {
  TestNode gamma(network_, "gamma");
  gamma.Offer({MakeSkillSet(R"(
      syntax = "proto3"; package clock.v1; message M {} service Clock { rpc Now(M) returns (M); })",
                            "clock.v1.Clock")});
  gamma.Start();
  ASSERT_OK(beta_.Federate(gamma));
  RawLink link(*alpha_, beta_, v1::ONE_WAY);
  EXPECT_THAT(Authorize(*alpha_, "/clock.v1.Clock/Now"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(Authorize(*network_.Node("ann", {.role = pki::Role::kOperator}), "/clock.v1.Clock/Now"));
}

}  // namespace
}  // namespace paranet
