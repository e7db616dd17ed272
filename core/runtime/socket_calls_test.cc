#include "core/runtime/socket_calls.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/rpc/queue_threads.h"
#include "core/rpc/server.h"
#include "core/runtime/actor_executor.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "gtest/gtest.h"
#include "src/proto/grpc/health/v1/health.pb.h"

namespace paranet {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

// A program that serves gRPC, and the node's side of it.
class SocketCallsTest : public testing::Test {
 protected:
  void Serve(RpcServer::Handler handler) {
    ASSERT_OK_AND_ASSIGN(server_, RpcServer::Start({.address = "127.0.0.1:0"}, std::move(handler)));
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    calls_ = std::make_shared<SocketCalls>(
        SocketCalls::Options{.name = "weather@1.0.0",
                             .channel = grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                                                  grpc::InsecureChannelCredentials(), arguments),
                             .queue = threads_->queue(),
                             .executor = &executor_});
  }
  void TearDown() override {
    if (calls_ != nullptr) calls_->Close(absl::UnavailableError("the test is over"));
    calls_ = nullptr;
    threads_ = nullptr;
    if (server_ != nullptr) server_->Shutdown(absl::Now());
  }

  CallContext Context(absl::string_view action) const {
    CallContext context{.skill_set = set_, .caller = "uid:1000"};
    for (const Skill& skill : set_->skills()) {
      if (skill.id.action == action) context.skill = &skill;
    }
    return context;
  }

  // Begins a unary call; its result is there when Wait returns.
  struct Pending {
    absl::Notification done;
    UnaryResult result;
    std::shared_ptr<CallHandle> handle;
    const UnaryResult& Wait() {
      done.WaitForNotification();
      return result;
    }
  };
  std::shared_ptr<Pending> Begin(CallContext context, absl::string_view request) {
    auto pending = std::make_shared<Pending>();
    pending->handle = calls_->CallUnary(std::move(context), MakePayload(request), [pending](UnaryResult result) {
      pending->result = std::move(result);
      pending->done.Notify();
    });
    return pending;
  }
  UnaryResult Call(CallContext context, absl::string_view request) {
    return Begin(std::move(context), request)->Wait();
  }

  const std::shared_ptr<const SkillSet> set_ = WeatherSkillSet();
  ActorExecutor executor_;
  std::unique_ptr<QueueThreads> threads_ = std::make_unique<QueueThreads>(1);
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<SocketCalls> calls_;
};

// Sends each request back, then ends with a trailer.
void Echo(std::shared_ptr<IncomingCall> call) {
  call->Read([call](std::optional<Payload> request) {
    if (!request.has_value()) return call->Finish(absl::OkStatus(), {{"said", "bye"}});
    call->Write(*std::move(request), [call](bool ok) {
      if (ok) Echo(call);
    });
  });
}

TEST_F(SocketCallsTest, AUnaryCallComesBackWithTrailers) {
  std::string path;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    path = call->path();
    call->Read([call](std::optional<Payload> request) {
      call->WriteAndFinish(request.value_or(MakePayload("")), {{"said", "bye"}});
    });
  });
  const UnaryResult result = Call(Context("current"), "Oslo");
  ASSERT_OK(result.status);
  EXPECT_EQ(PayloadToString(result.response), "Oslo");
  EXPECT_THAT(result.trailers, Contains(Pair("said", "bye")));
  EXPECT_EQ(path, "/weather.v1.Weather/Current");
}

TEST_F(SocketCallsTest, AnErrorComesBackWithItsDetails) {
  Serve([](std::shared_ptr<IncomingCall> call) {
    call->Finish(absl::NotFoundError("no city Osslo"), {{"grpc-status-details-bin", std::string("\x08\x05", 2)}});
  });
  const UnaryResult result = Call(Context("current"), "Osslo");
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kNotFound, "no city Osslo"));
  EXPECT_THAT(result.trailers, Contains(Pair("grpc-status-details-bin", std::string("\x08\x05", 2))));
}

TEST_F(SocketCallsTest, TheProgramHearsWhoCallsAndNobodyElseCanSayIt) {
  Metadata seen;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    seen = call->metadata();
    call->Read([call](std::optional<Payload> request) { call->WriteAndFinish(request.value_or(MakePayload("")), {}); });
  });
  CallContext context = Context("current");
  context.metadata = {{"paranet-caller", "uid:0"}, {"paranet-anything", "x"}, {"trace", "7"}, {"blob-bin", "\x01\xff"}};
  ASSERT_OK(Call(std::move(context), "x").status);
  EXPECT_THAT(seen, Contains(Pair("paranet-caller", "uid:1000")));
  EXPECT_THAT(seen, Not(Contains(Pair("paranet-caller", "uid:0"))));
  EXPECT_THAT(seen, Not(Contains(Key("paranet-anything"))));
  EXPECT_THAT(seen, Contains(Pair("trace", "7")));
  EXPECT_THAT(seen, Contains(Pair("blob-bin", "\x01\xff")));
}

TEST_F(SocketCallsTest, MetadataThatHttpCannotCarryIsLeftOut) {
  CallContext context = Context("current");
  context.metadata = {{"Upper", "x"}, {"with space", "x"}, {"line", "a\nb"}, {"", "x"}, {"fine", "x"}, {"grpc-x", "x"}};
  EXPECT_THAT(MetadataForProgram(context),
              testing::UnorderedElementsAre(Pair("fine", "x"), Pair("paranet-caller", "uid:1000")));
}

TEST_F(SocketCallsTest, TheDeadlineHoldsAndIsToldInOurWords) {
  Serve(
      [](std::shared_ptr<IncomingCall> call) { call->OnCancel([call] { call->Finish(absl::CancelledError(), {}); }); });
  CallContext context = Context("current");
  context.deadline = absl::Now() + absl::Milliseconds(50);
  EXPECT_THAT(Call(std::move(context), "x").status,
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("weather@1.0.0")));
}

TEST_F(SocketCallsTest, CancelReachesTheProgram) {
  absl::Notification arrived;
  absl::Notification cancelled;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    call->OnCancel([&, call] {
      call->Finish(absl::CancelledError(), {});
      cancelled.Notify();
    });
    arrived.Notify();
  });
  const auto call = Begin(Context("current"), "x");
  arrived.WaitForNotification();
  call->handle->Cancel();
  EXPECT_THAT(call->Wait().status, StatusIs(absl::StatusCode::kCancelled));
  cancelled.WaitForNotification();
}

TEST_F(SocketCallsTest, AStreamCarriesBothWays) {
  Serve(Echo);
  TestStreamCaller caller;
  calls_->CallStream(Context("chat"), caller.TakeStream());
  caller.Send("one");
  EXPECT_EQ(caller.NextResponse(), "one");
  caller.Send("two");
  caller.HalfClose();
  EXPECT_EQ(caller.NextResponse(), "two");
  EXPECT_EQ(caller.NextResponse(), std::nullopt);
  EXPECT_OK(caller.WaitForStatus());
  EXPECT_THAT(caller.trailers(), Contains(Pair("said", "bye")));
}

TEST_F(SocketCallsTest, AStreamsCallerCanGiveUp) {
  absl::Notification arrived;
  absl::Notification cancelled;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    call->OnCancel([&, call] {
      call->Finish(absl::CancelledError(), {});
      cancelled.Notify();
    });
    arrived.Notify();
  });
  TestStreamCaller caller;
  calls_->CallStream(Context("watch"), caller.TakeStream());
  caller.Send("x");
  arrived.WaitForNotification();
  caller.Cancel();
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kCancelled));
  cancelled.WaitForNotification();
}

TEST_F(SocketCallsTest, ACallerThatIsSlowHoldsTheProgramBack) {
  Serve([](std::shared_ptr<IncomingCall> call) {
    call->Read([call](std::optional<Payload>) {
      call->Write(MakePayload("a"), [call](bool) {
        call->Write(MakePayload("b"), [call](bool) { call->Finish(absl::OkStatus(), {}); });
      });
    });
  });
  TestStreamCaller caller(/*room=*/1);
  calls_->CallStream(Context("watch"), caller.TakeStream());
  caller.Send("x");
  EXPECT_TRUE(caller.WaitForStalledWrite());
  EXPECT_FALSE(caller.finished());
  EXPECT_EQ(caller.NextResponse(), "a");
  EXPECT_EQ(caller.NextResponse(), "b");
  EXPECT_OK(caller.WaitForStatus());
}

TEST_F(SocketCallsTest, WhatRunsWhenTheProgramEndsHearsHow) {
  absl::Notification arrived;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    call->OnCancel([call] { call->Finish(absl::CancelledError(), {}); });
    if (call->path() == "/weather.v1.Weather/Current") arrived.Notify();
  });
  TestStreamCaller caller;
  calls_->CallStream(Context("chat"), caller.TakeStream());
  const auto call = Begin(Context("current"), "x");
  arrived.WaitForNotification();
  calls_->Close(absl::UnavailableError("killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(call->Wait().status,
              StatusIs(absl::StatusCode::kUnavailable,
                       "the process of actor weather@1.0.0 has ended: killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("SIGKILL")));
  // And what comes after that.
  const UnaryResult late = Call(Context("current"), "x");
  EXPECT_THAT(late.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("SIGKILL")));
  EXPECT_TRUE(late.unprocessed);
}

TEST_F(SocketCallsTest, ABrokenConnectionWaitsToHearWhy) {
  Serve(Echo);
  server_->Shutdown(absl::Now());
  const auto call = Begin(Context("current"), "x");
  calls_->Close(absl::UnavailableError("exit code 3"));
  EXPECT_THAT(call->Wait().status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("exit code 3")));
}

TEST_F(SocketCallsTest, AProgramsOwnUnavailableIsPassedOn) {
  Serve([](std::shared_ptr<IncomingCall> call) { call->Finish(absl::UnavailableError("no data yet"), {}); });
  EXPECT_THAT(Call(Context("current"), "x").status, StatusIs(absl::StatusCode::kUnavailable, "no data yet"));
}

TEST_F(SocketCallsTest, IdleComesAfterTheLastCall) {
  std::shared_ptr<IncomingCall> waiting;
  absl::Notification arrived;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    waiting = std::move(call);
    arrived.Notify();
  });
  const auto call = Begin(Context("current"), "x");
  arrived.WaitForNotification();
  absl::Notification idle;
  calls_->WhenIdle([&] { idle.Notify(); });
  EXPECT_FALSE(idle.HasBeenNotified());
  waiting->WriteAndFinish(MakePayload("y"), {});
  waiting = nullptr;
  EXPECT_OK(call->Wait().status);
  idle.WaitForNotification();
}

TEST_F(SocketCallsTest, APingIsAnsweredByWhatServesHealthAndByWhatDoesNot) {
  absl::Status answer = absl::UnimplementedError("no health here");
  grpc::health::v1::HealthCheckResponse health;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    EXPECT_EQ(call->path(), "/grpc.health.v1.Health/Check");
    if (!answer.ok()) return call->Finish(answer, {});
    call->WriteAndFinish(MakePayload(health.SerializeAsString()), {});
  });
  absl::Notification first;
  calls_->Ping([&] { first.Notify(); });
  first.WaitForNotification();
  answer = absl::OkStatus();
  health.set_status(grpc::health::v1::HealthCheckResponse::SERVING);
  absl::Notification second;
  calls_->Ping([&] { second.Notify(); });
  second.WaitForNotification();
}

TEST_F(SocketCallsTest, AProgramThatSaysItIsNotServingIsNotAlive) {
  absl::Notification asked;
  Serve([&](std::shared_ptr<IncomingCall> call) {
    grpc::health::v1::HealthCheckResponse health;
    health.set_status(grpc::health::v1::HealthCheckResponse::NOT_SERVING);
    call->WriteAndFinish(MakePayload(health.SerializeAsString()), {});
    asked.Notify();
  });
  bool alive = false;
  calls_->Ping([&] { alive = true; });
  asked.WaitForNotification();
  calls_->Close(absl::UnavailableError("the test is over"));
  // Joins the thread that the answer comes on.
  threads_ = nullptr;
  EXPECT_FALSE(alive);
}

}  // namespace
}  // namespace paranet
