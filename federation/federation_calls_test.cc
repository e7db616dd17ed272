// Calls over links between real listeners with mutual TLS.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
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
using testing::Pair;

constexpr char kCurrent[] = "/weather.v1.Weather/Current";
constexpr char kReport[] = "/weather.v1.Weather/Report";
constexpr char kWatch[] = "/weather.v1.Weather/Watch";
constexpr char kChat[] = "/weather.v1.Weather/Chat";

std::shared_ptr<const SkillSet> ClockSet() {
  return MakeSkillSet(R"(
      syntax = "proto3"; package clock.v1; message M {}
      service Clock { rpc Now(M) returns (M); rpc Tick(stream M) returns (stream M); })",
                      "clock.v1.Clock");
}
constexpr char kNow[] = "/clock.v1.Clock/Now";
constexpr char kTick[] = "/clock.v1.Clock/Tick";

UnaryResult Echo(const CallContext&, const std::string& request) { return {.response = MakePayload(request)}; }

// Beta has weather, alpha has a clock.
class FederationCallsTest : public testing::Test {
 protected:
  FederationCallsTest() : alpha_(network_, "alpha"), beta_(network_, "beta") {
    alpha_.Offer({ClockSet()});
    beta_.Offer({WeatherSkillSet()});
    alpha_.Start();
    beta_.Start();
  }
  void OneWay() { ASSERT_OK(alpha_.Federate(beta_)); }
  void Bidirectional() { ASSERT_OK(alpha_.Federate(beta_, v1::BIDIRECTIONAL)); }

  pki::TestNetwork network_;
  TestNode alpha_, beta_;
};

TEST_F(FederationCallsTest, AnImportIsCallableAsSoonAsFederateReturns) {
  EXPECT_THAT(alpha_.CallUnary(kCurrent, "Oslo").status, StatusIs(absl::StatusCode::kUnimplemented));
  beta_.actor().AnswerWith(Echo);
  OneWay();
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta"));
  const UnaryResult result = alpha_.CallUnary(kCurrent, "Oslo");
  EXPECT_OK(result.status);
  EXPECT_EQ(PayloadToString(result.response), "Oslo");
}

TEST_F(FederationCallsTest, OneWayBringsTheServerNothing) {
  OneWay();
  EXPECT_THAT(beta_.Providers(kNow), IsEmpty());
  EXPECT_THAT(beta_.CallUnary(kNow, "").status, StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_EQ(alpha_.actor().call_count(), 0u);
}

TEST_F(FederationCallsTest, BidirectionalCallsGoBothWaysOverOneConnection) {
  alpha_.actor().AnswerWith(Echo);
  beta_.actor().AnswerWith(Echo);
  Bidirectional();
  EXPECT_EQ(PayloadToString(alpha_.CallUnary(kCurrent, "to beta").response), "to beta");
  EXPECT_EQ(PayloadToString(beta_.CallUnary(kNow, "to alpha").response), "to alpha");
  const auto link = alpha_.Link("beta");
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->calls_in(), 1u);
  EXPECT_EQ(link->calls_out(), 1u);
  EXPECT_EQ(link->imports(), 1u);
  EXPECT_EQ(link->exports(), 1u);
}

TEST_F(FederationCallsTest, ManyCallsAtOnceAreAllAnswered) {
  beta_.actor().AnswerWith(Echo);
  OneWay();
  constexpr int kCalls = 500;
  std::atomic<int> right = 0, ended = 0;
  for (int i = 0; i < kCalls; ++i) {
    const std::string text = std::to_string(i);
    alpha_.BeginUnary(kCurrent, text, {}, [&, text](UnaryResult result) {
      if (result.status.ok() && PayloadToString(result.response) == text) ++right;
      ++ended;
    });
  }
  EXPECT_TRUE(Eventually([&] { return ended == kCalls; }));
  EXPECT_EQ(right, kCalls);
}

TEST_F(FederationCallsTest, LargePayloadsGoBothWays) {
  alpha_.actor().AnswerWith(Echo);
  beta_.actor().AnswerWith(Echo);
  Bidirectional();
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(PayloadToString(alpha_.CallUnary(kCurrent, large).response), large);
  EXPECT_EQ(PayloadToString(beta_.CallUnary(kNow, large).response), large);
}

TEST_F(FederationCallsTest, WhatIsTooLargeIsRefusedAndTheLinkStays) {
  beta_.actor().AnswerWith([](const CallContext&, const std::string& request) {
    return UnaryResult{.response = MakePayload(request == "much" ? std::string(64 << 20, 'x') : request)};
  });
  OneWay();
  EXPECT_THAT(alpha_.CallUnary(kCurrent, std::string(64 << 20, 'x')).status,
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(alpha_.CallUnary(kCurrent, "much").status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(PayloadToString(alpha_.CallUnary(kCurrent, "little").response), "little");
}

TEST_F(FederationCallsTest, CallerHopsMetadataAndTrailersTravel) {
  OneWay();
  UnaryResult result;
  absl::Notification done;
  const TestNode::Call call{.deadline = absl::Now() + absl::Minutes(5),
                            .caller = "paranet://acme/operator/ann",
                            .hops = 3,
                            .metadata = {{"trace", "t1"}, {"bytes-bin", std::string("\0\xff", 2)}}};
  alpha_.BeginUnary(kCurrent, "Oslo", call, [&](UnaryResult r) {
    result = std::move(r);
    done.Notify();
  });
  const auto served = beta_.actor().WaitForCall();
  ASSERT_NE(served, nullptr);
  EXPECT_EQ(served->context().caller, "paranet://acme/operator/ann");
  EXPECT_EQ(served->context().hops, 4);
  EXPECT_THAT(served->context().metadata,
              ElementsAre(Pair("trace", "t1"), Pair("bytes-bin", std::string("\0\xff", 2))));
  EXPECT_LT(absl::AbsDuration(served->context().deadline - call.deadline), absl::Seconds(10));
  EXPECT_NE(served->context().queue, nullptr);
  UnaryResult answer;
  answer.trailers = {{"cost", "7"}};
  served->Finish(std::move(answer));
  done.WaitForNotification();
  EXPECT_THAT(result.trailers, ElementsAre(Pair("cost", "7")));
}

TEST_F(FederationCallsTest, ACallerThatThePeerCannotProveIsThePeer) {
  beta_.actor().AnswerWith([](const CallContext& context, const std::string&) {
    return UnaryResult{.response = MakePayload(context.caller)};
  });
  OneWay();
  EXPECT_EQ(PayloadToString(alpha_.CallUnary(kCurrent, "", {.caller = "uid:0"}).response), "paranet://acme/node/alpha");
}

TEST_F(FederationCallsTest, TooManyHopsAreRefusedBeforeTheyLeave) {
  OneWay();
  const UnaryResult result = alpha_.CallUnary(kCurrent, "", {.hops = 16});
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("loop")));
  EXPECT_TRUE(result.unprocessed);
  EXPECT_EQ(beta_.actor().call_count(), 0u);
}

TEST_F(FederationCallsTest, ErrorsOfTheActorArrive) {
  beta_.actor().AnswerWith([](const CallContext&, const std::string&) {
    return UnaryResult{.status = absl::NotFoundError("no such city")};
  });
  OneWay();
  EXPECT_THAT(alpha_.CallUnary(kCurrent, "").status, StatusIs(absl::StatusCode::kNotFound, "no such city"));
  EXPECT_THAT(alpha_.CallUnary(kCurrent, std::string(1 << 20, 'x')).status,
              StatusIs(absl::StatusCode::kNotFound, "no such city"));
}

class DeadlineTest : public FederationCallsTest, public testing::WithParamInterface<size_t> {};

TEST_P(DeadlineTest, EndsTheCallAndCancelsTheActor) {
  OneWay();
  // Long enough for the request to arrive, however slow the machine.
  const UnaryResult result =
      alpha_.CallUnary(kCurrent, std::string(GetParam(), 'x'), {.deadline = absl::Now() + absl::Seconds(3)});
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  const auto call = beta_.actor().WaitForCall();
  ASSERT_NE(call, nullptr);
  EXPECT_TRUE(call->WaitForCancel());
}

TEST_P(DeadlineTest, CancelReachesTheActor) {
  OneWay();
  absl::Notification done;
  UnaryResult result;
  auto handle = alpha_.BeginUnary(kCurrent, std::string(GetParam(), 'x'), {}, [&](UnaryResult r) {
    result = std::move(r);
    done.Notify();
  });
  const auto call = beta_.actor().WaitForCall();
  ASSERT_NE(call, nullptr);
  handle->Cancel();
  done.WaitForNotification();
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(call->WaitForCancel());
}

// On the lane, and carried.
INSTANTIATE_TEST_SUITE_P(Payload, DeadlineTest, testing::Values(10u, 1u << 20));

// Each streaming shape, from the dialler to the server and the other way round.
class StreamTest : public FederationCallsTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    Bidirectional();
    if (GetParam()) {
      // The server of the link calls.
      alpha_.Offer({ClockSet(), WeatherSkillSet("2.0.0")});
      ASSERT_TRUE(Eventually([&] { return beta_.Providers(kTick) == std::vector<std::string>{"alpha"}; }));
    }
  }
  TestNode& caller() { return GetParam() ? beta_ : alpha_; }
  TestNode& server() { return GetParam() ? alpha_ : beta_; }
  std::string chat() const { return GetParam() ? kTick : kChat; }
};

std::optional<std::string> Read(ServerStream& stream) {
  auto result = std::make_shared<std::pair<std::optional<std::string>, absl::Notification>>();
  stream.Read([result](std::optional<Payload> payload) {
    if (payload.has_value()) result->first = PayloadToString(*payload);
    result->second.Notify();
  });
  if (!result->second.WaitForNotificationWithTimeout(kTestPatience)) return "the test lost patience";
  return result->first;
}

bool Write(ServerStream& stream, const std::string& text) {
  auto result = std::make_shared<std::pair<bool, absl::Notification>>();
  stream.Write(MakePayload(text), [result](bool ok) {
    result->first = ok;
    result->second.Notify();
  });
  return result->second.WaitForNotificationWithTimeout(kTestPatience) && result->first;
}

TEST_P(StreamTest, MessagesGoBothWaysInOrder) {
  TestStreamCaller call;
  caller().BeginStream(chat(), call);
  auto served = server().actor().WaitForStream();
  ASSERT_TRUE(served.has_value());
  for (int i = 0; i < 100; ++i) {
    call.Send(std::to_string(i));
    ASSERT_EQ(Read(*served->stream), std::to_string(i));
    ASSERT_TRUE(Write(*served->stream, "re " + std::to_string(i)));
    ASSERT_EQ(call.NextResponse(), "re " + std::to_string(i));
  }
  call.HalfClose();
  EXPECT_EQ(Read(*served->stream), std::nullopt);
  EXPECT_TRUE(Write(*served->stream, "last"));
  served->stream->Finish(absl::OkStatus(), {{"k", "v"}});
  EXPECT_EQ(call.NextResponse(), "last");
  EXPECT_OK(call.WaitForStatus());
  EXPECT_THAT(call.trailers(), ElementsAre(Pair("k", "v")));
}

TEST_P(StreamTest, ThePeerMayFail) {
  TestStreamCaller call;
  caller().BeginStream(chat(), call);
  auto served = server().actor().WaitForStream();
  ASSERT_TRUE(served.has_value());
  served->stream->Finish(absl::DataLossError("torn"), {});
  EXPECT_THAT(call.WaitForStatus(), StatusIs(absl::StatusCode::kDataLoss, "torn"));
}

TEST_P(StreamTest, CancelReachesTheActor) {
  TestStreamCaller call;
  caller().BeginStream(chat(), call);
  auto served = server().actor().WaitForStream();
  ASSERT_TRUE(served.has_value());
  absl::Notification cancelled;
  served->stream->OnCancel([&] { cancelled.Notify(); });
  call.Send("unread");
  call.Cancel();
  EXPECT_TRUE(cancelled.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_FALSE(Write(*served->stream, "late"));
}

TEST_P(StreamTest, AStalledCallerStallsTheActorAndNothingElse) {
  TestStreamCaller call(/*room=*/1);
  caller().BeginStream(chat(), call);
  auto served = server().actor().WaitForStream();
  ASSERT_TRUE(served.has_value());
  // HTTP/2's windows and a few frames fit; without back pressure all of this would.
  const std::string block(1 << 20, 'x');
  std::atomic<int> written = 0;
  std::atomic<bool> refused = false;
  std::function<void()> write = [&] {
    served->stream->Write(MakePayload(block), [&](bool ok) {
      if (!ok) {
        refused = true;
      } else if (++written < 200) {
        write();
      }
    });
  };
  write();
  ASSERT_TRUE(call.WaitForStalledWrite());
  server().actor().AnswerWith(Echo);
  EXPECT_EQ(PayloadToString(caller().CallUnary(GetParam() ? kNow : kCurrent, "meanwhile").response), "meanwhile");
  EXPECT_LT(written, 100);
  call.Cancel();
  EXPECT_TRUE(Eventually([&] { return refused.load(); }));
}

INSTANTIATE_TEST_SUITE_P(, StreamTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "ServerCalls" : "DiallerCalls"; });

TEST_F(FederationCallsTest, ClientAndServerStreams) {
  OneWay();
  TestStreamCaller report, watch;
  alpha_.BeginStream(kReport, report);
  report.Send("1");
  report.Send("2");
  report.HalfClose();
  auto served = beta_.actor().WaitForStream();
  ASSERT_TRUE(served.has_value());
  EXPECT_EQ(Read(*served->stream), "1");
  EXPECT_EQ(Read(*served->stream), "2");
  EXPECT_EQ(Read(*served->stream), std::nullopt);
  EXPECT_TRUE(Write(*served->stream, "sum"));
  served->stream->Finish(absl::OkStatus(), {});
  EXPECT_EQ(report.NextResponse(), "sum");
  EXPECT_OK(report.WaitForStatus());

  alpha_.BeginStream(kWatch, watch);
  watch.Send("Oslo");
  watch.HalfClose();
  served = beta_.actor().WaitForStream();
  ASSERT_TRUE(served.has_value());
  EXPECT_EQ(Read(*served->stream), "Oslo");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Write(*served->stream, std::to_string(i)));
  served->stream->Finish(absl::OkStatus(), {});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(watch.NextResponse(), std::to_string(i));
  EXPECT_OK(watch.WaitForStatus());
}

TEST_F(FederationCallsTest, TheEndOfTheLinkEndsCallsInFlight) {
  OneWay();
  absl::Notification done;
  UnaryResult result;
  alpha_.BeginUnary(kCurrent, "", {}, [&](UnaryResult r) {
    result = std::move(r);
    done.Notify();
  });
  TestStreamCaller chat;
  alpha_.BeginStream(kChat, chat);
  const auto call = beta_.actor().WaitForCall();
  auto served = beta_.actor().WaitForStream();
  ASSERT_TRUE(call != nullptr && served.has_value());
  ASSERT_OK(alpha_.federation().Defederate("beta"));
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(result.unprocessed);
  EXPECT_THAT(chat.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(call->WaitForCancel());
  EXPECT_TRUE(Eventually([&] { return !Write(*served->stream, "x"); }));
}

TEST_F(FederationCallsTest, PrivateSkillsAreNeitherShownNorServed) {
  beta_.Offer({MakeSkillSet(R"(
      syntax = "proto3"; package mixed.v1; import "paranet/v1/options.proto"; message M {}
      service S { rpc Open(M) returns (M); rpc Hidden(M) returns (M) { option (paranet.v1.skill).private = true; } })",
                            "mixed.v1.S"),
               MakeSkillSet(R"(
      syntax = "proto3"; package secret.v1; import "paranet/v1/options.proto"; message M {}
      service S { option (paranet.v1.skill_set) = { subject: "secret" private: true }; rpc Do(M) returns (M); })",
                            "secret.v1.S")});
  OneWay();
  EXPECT_THAT(alpha_.Providers("/mixed.v1.S/Open"), ElementsAre("beta"));
  EXPECT_THAT(alpha_.Providers("/mixed.v1.S/Hidden"), IsEmpty());
  EXPECT_THAT(alpha_.Providers("/secret.v1.S/Do"), IsEmpty());
}

TEST_F(FederationCallsTest, ImportsAreNotExportedAgain) {
  TestNode gamma(network_, "gamma");
  gamma.Start();
  OneWay();
  ASSERT_OK(gamma.Federate(alpha_));
  EXPECT_THAT(gamma.Providers(kNow), ElementsAre("alpha"));
  EXPECT_THAT(gamma.Providers(kCurrent), IsEmpty());
}

TEST_F(FederationCallsTest, SeveralPeersAreSeveralProvidersOfOneSkill) {
  TestNode gamma(network_, "gamma");
  gamma.Offer({WeatherSkillSet()});
  gamma.Start();
  OneWay();
  ASSERT_OK(alpha_.Federate(gamma));
  EXPECT_THAT(alpha_.Providers(kCurrent), ElementsAre("beta", "gamma"));
}

}  // namespace
}  // namespace paranet
