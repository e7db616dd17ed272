#include "core/runtime/framed/frame_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "core/worker/window.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct Got {
  FrameType type = FrameType::kStart;
  bool outgoing = false;
  uint16_t code = 0;
  uint64_t call = 0;
  int64_t number = 0;
  std::string text;
  std::string list;
  std::string payload;
};

// Calls end at a provider that the test answers for.
class FakeSkillCaller final : public SkillCaller {
 public:
  std::shared_ptr<CallHandle> CallUnary(absl::string_view skill, CallOrigin origin, Payload request,
                                        UnaryDone done) override {
    CallContext context;
    context.caller = absl::StrCat(origin.caller, " ", skill);
    context.metadata = origin.metadata;
    return provider.CallUnary(std::move(context), std::move(request), std::move(done));
  }
  void CallStream(absl::string_view, CallOrigin, std::shared_ptr<ServerStream> stream) override {
    provider.CallStream({}, std::move(stream));
  }
  FakeProvider provider{"remote"};
};

// The worker is the test.
class FrameConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    worker_ = UniqueFd(ends[1]);
    FrameConnection::Options options;
    options.name = "weather@1.0.0";
    options.actor_id = "weather";
    options.config = {{"unit", "celsius"}};
    options.mailbox = 2;
    options.streams = 1;
    options.executor = executor_;
    options.caller = caller_;
    connection_ = std::make_shared<FrameConnection>(UniqueFd(ends[0]), std::move(options));
    connection_->Start([this](absl::Status status) {
      broken_status_ = std::move(status);
      broken_.Notify();
    });
    socket_.emplace(worker_.get());
  }
  void TearDown() override { connection_->Close(absl::UnavailableError("the test is over")); }

  void Ready() {
    EXPECT_EQ(Next().type, FrameType::kStart);
    std::string methods;
    AppendToFrameList("/weather.v1.Weather/Current", "0", methods);
    Send({.type = FrameType::kReady, .list = methods});
    ASSERT_OK(connection_->AwaitReady(absl::Now() + kTestPatience).status());
  }
  void Send(const Frame& frame) { EXPECT_EQ(socket_->Send(frame), FrameSocket::Sent::kAll); }
  Got Next() {
    Frame frame;
    while (true) {
      const absl::StatusOr<bool> next = parser_.Next(&frame);
      EXPECT_OK(next.status());
      if (!next.ok()) return {};
      if (*next) break;
      const auto [room, size] = parser_.Room();
      const ssize_t got = ::recv(worker_.get(), room, size, 0);
      if (got <= 0) return {.text = "end"};
      parser_.Commit(static_cast<size_t>(got));
    }
    return {.type = frame.type,
            .outgoing = frame.outgoing,
            .code = frame.code,
            .call = frame.call,
            .number = frame.number,
            .text = std::string(frame.text),
            .list = std::string(frame.list),
            .payload = std::string(frame.payload)};
  }
  CallContext Context(size_t skill = 0) const {
    CallContext context;
    context.skill_set = skills_;
    context.skill = &skills_->skills()[skill];
    context.caller = "uid:7";
    context.metadata = {{"traceparent", "t"}, {"k", "v"}};
    return context;
  }
  std::shared_ptr<CallHandle> Call(std::shared_ptr<UnaryResult> result, std::shared_ptr<absl::Notification> ended,
                                   absl::Time deadline = absl::InfiniteFuture()) {
    CallContext context = Context();
    context.deadline = deadline;
    return connection_->CallUnary(0, std::move(context), MakePayload("request"),
                                  [result = std::move(result), ended = std::move(ended)](UnaryResult done) {
                                    *result = std::move(done);
                                    ended->Notify();
                                  });
  }
  struct Pending {
    std::shared_ptr<UnaryResult> result = std::make_shared<UnaryResult>();
    std::shared_ptr<absl::Notification> ended = std::make_shared<absl::Notification>();
    const UnaryResult& Await() {
      EXPECT_TRUE(ended->WaitForNotificationWithTimeout(kTestPatience));
      return *result;
    }
  };
  void ExpectBroken(const std::string& why) {
    ASSERT_TRUE(broken_.WaitForNotificationWithTimeout(kTestPatience));
    EXPECT_THAT(broken_status_, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  }

  const std::shared_ptr<const SkillSet> skills_ = WeatherSkillSet();
  const std::shared_ptr<ActorExecutor> executor_ = std::make_shared<ActorExecutor>();
  const std::shared_ptr<FakeSkillCaller> caller_ = std::make_shared<FakeSkillCaller>();
  UniqueFd worker_;
  absl::Notification broken_;
  absl::Status broken_status_;
  std::shared_ptr<FrameConnection> connection_;
  std::optional<FrameSocket> socket_;
  FrameParser parser_{FrameSender::kNode};
};

TEST_F(FrameConnectionTest, SendsTheStartAndKnowsTheMethods) {
  const Got start = Next();
  EXPECT_EQ(start.type, FrameType::kStart);
  EXPECT_EQ(start.text, "weather");
  ASSERT_OK_AND_ASSIGN(const FrameList config, ParseFrameList(start.list));
  EXPECT_THAT(config, ElementsAre(Pair("unit", "celsius")));
  std::string methods;
  AppendToFrameList("/a/B", "3", methods);
  Send({.type = FrameType::kReady, .list = methods});
  ASSERT_OK_AND_ASSIGN(const auto served, connection_->AwaitReady(absl::Now() + kTestPatience));
  ASSERT_EQ(served.size(), 1U);
  EXPECT_EQ(served[0].path, "/a/B");
  EXPECT_TRUE(served[0].client_streams && served[0].server_streams);
}

TEST_F(FrameConnectionTest, TheWorkersOwnWordsWhereItDoesNotStart) {
  Send({.type = FrameType::kFailed, .text = "Traceback"});
  EXPECT_THAT(connection_->AwaitReady(absl::Now() + kTestPatience),
              StatusIs(absl::StatusCode::kInvalidArgument, "Traceback"));
}

TEST_F(FrameConnectionTest, ACallGoesThereAndBack) {
  Ready();
  Pending pending;
  Call(pending.result, pending.ended);
  const Got call = Next();
  EXPECT_EQ(call.type, FrameType::kCall);
  EXPECT_EQ(call.text, "uid:7");
  EXPECT_EQ(call.payload, "request");
  EXPECT_EQ(call.number, INT64_MAX);
  std::string trailers;
  AppendToFrameList("cost", "3", trailers);
  Send({.type = FrameType::kRespond, .call = call.call, .list = trailers, .payload = "response"});
  const UnaryResult& result = pending.Await();
  EXPECT_OK(result.status);
  EXPECT_EQ(PayloadToString(result.response), "response");
  EXPECT_THAT(result.trailers, ElementsAre(Pair("cost", "3")));
}

TEST_F(FrameConnectionTest, CancelledCallsKeepTheirPlaceUntilTheWorkerAnswers) {
  Ready();
  Pending first;
  Pending second;
  Pending third;
  const auto handle = Call(first.result, first.ended);
  Call(second.result, second.ended, absl::Now() + absl::Milliseconds(20));
  const uint64_t id = Next().call;
  Next();
  handle->Cancel();
  EXPECT_THAT(first.Await().status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(second.Await().status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  Call(third.result, third.ended);
  EXPECT_THAT(third.Await().status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(third.Await().unprocessed);
  EXPECT_EQ(Next().type, FrameType::kCancel);
  EXPECT_EQ(Next().type, FrameType::kCancel);
  Send({.type = FrameType::kRespond, .code = 1, .call = id});
  // Answered in order: when this is back, that was dealt with.
  absl::Notification alive;
  connection_->Ping([&alive] { alive.Notify(); });
  Send({.type = FrameType::kPong, .number = Next().number});
  ASSERT_TRUE(alive.WaitForNotificationWithTimeout(kTestPatience));
  Pending fourth;
  Call(fourth.result, fourth.ended);
  EXPECT_EQ(Next().type, FrameType::kCall);
}

TEST_F(FrameConnectionTest, CallsInFlightEndWithTheReason) {
  Ready();
  Pending pending;
  Call(pending.result, pending.ended);
  Next();
  connection_->Close(absl::UnavailableError("killed"));
  EXPECT_THAT(pending.Await().status, StatusIs(absl::StatusCode::kUnavailable, "killed"));
  Pending late;
  Call(late.result, late.ended);
  EXPECT_TRUE(late.Await().unprocessed);
}

TEST_F(FrameConnectionTest, StreamsFlowWithinTheirWindow) {
  Ready();
  TestStreamCaller caller(4);
  connection_->CallStream(1, Context(3), caller.TakeStream());
  const Got open = Next();
  ASSERT_EQ(open.type, FrameType::kOpen);
  for (int i = 0; i < 20; ++i) caller.Send("x");
  caller.HalfClose();
  for (int i = 0; i < kWindowMessages; ++i) EXPECT_EQ(Next().type, FrameType::kMessage);
  Send({.type = FrameType::kCredit, .code = 16, .call = open.call, .number = 16});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Next().type, FrameType::kMessage);
  EXPECT_EQ(Next().type, FrameType::kHalfClose);
  for (int i = 0; i < kWindowMessages; ++i) Send({.type = FrameType::kMessage, .call = open.call, .payload = "y"});
  Send({.type = FrameType::kFinish, .code = 5, .call = open.call, .text = "none"});
  for (int i = 0; i < kWindowMessages; ++i) EXPECT_EQ(caller.NextResponse(), "y");
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kNotFound, "none"));
}

TEST_F(FrameConnectionTest, AWorkerThatSendsMoreThanTheWindowIsCutOff) {
  Ready();
  TestStreamCaller caller(1);
  connection_->CallStream(1, Context(3), caller.TakeStream());
  const uint64_t id = Next().call;
  for (int i = 0; i < 3 * kWindowMessages; ++i) Send({.type = FrameType::kMessage, .call = id, .payload = "y"});
  ExpectBroken("more messages of a stream");
}

TEST_F(FrameConnectionTest, AnAnswerToNothingIsTheEnd) {
  Ready();
  Send({.type = FrameType::kRespond, .call = 99});
  ExpectBroken("a call that there is not");
}

TEST_F(FrameConnectionTest, ReadyTwiceIsTheEnd) {
  Ready();
  Send({.type = FrameType::kReady});
  ExpectBroken("second time");
}

TEST_F(FrameConnectionTest, TheWorkerCallsOtherSkillsOnBehalfOfItsCaller) {
  Ready();
  Pending pending;
  Call(pending.result, pending.ended);
  const uint64_t parent = Next().call;
  Send({.type = FrameType::kCall,
        .outgoing = true,
        .call = 5,
        .parent = parent,
        .number = INT64_MAX,
        .text = "a/b",
        .payload = "q"});
  const auto call = caller_->provider.WaitForCall();
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->context().caller, "uid:7 a/b");
  EXPECT_THAT(call->context().metadata, ElementsAre(Pair("traceparent", "t")));
  EXPECT_EQ(call->request(), "q");
  call->Answer("r");
  const Got answer = Next();
  EXPECT_EQ(answer.type, FrameType::kRespond);
  EXPECT_TRUE(answer.outgoing);
  EXPECT_EQ(answer.call, 5U);
  EXPECT_EQ(answer.payload, "r");
}

TEST_F(FrameConnectionTest, WhatIsCalledOnBehalfOfACallEndsWithIt) {
  Ready();
  Pending pending;
  const auto handle = Call(pending.result, pending.ended);
  const uint64_t parent = Next().call;
  Send({.type = FrameType::kCall, .outgoing = true, .call = 5, .parent = parent, .number = INT64_MAX, .text = "a/b"});
  const auto call = caller_->provider.WaitForCall();
  ASSERT_NE(call, nullptr);
  handle->Cancel();
  EXPECT_TRUE(call->WaitForCancel());
  EXPECT_EQ(Next().type, FrameType::kCancel);
  const Got answer = Next();
  EXPECT_EQ(answer.type, FrameType::kRespond);
  EXPECT_EQ(answer.code, 1);
}

TEST_F(FrameConnectionTest, TheWorkerOpensStreamsOfOtherSkills) {
  Ready();
  Send({.type = FrameType::kOpen, .outgoing = true, .call = 6, .number = INT64_MAX, .text = "a/b"});
  std::optional<FakeStreamCall> stream = caller_->provider.WaitForStream();
  ASSERT_TRUE(stream.has_value());
  Send({.type = FrameType::kMessage, .outgoing = true, .call = 6, .payload = "m"});
  absl::Notification read;
  stream->stream->Read([&read](std::optional<Payload> message) {
    EXPECT_EQ(PayloadToString(message.value_or(Payload())), "m");
    read.Notify();
  });
  ASSERT_TRUE(read.WaitForNotificationWithTimeout(kTestPatience));
  stream->stream->Write(MakePayload("n"), [](bool ok) { EXPECT_TRUE(ok); });
  EXPECT_EQ(Next().payload, "n");
  // Dropped without an end.
  stream.reset();
  const Got finish = Next();
  EXPECT_EQ(finish.type, FrameType::kFinish);
  EXPECT_EQ(finish.code, 13);
}

}  // namespace
}  // namespace paranet
