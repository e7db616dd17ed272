#include "core/routing/dispatcher.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/status_testutil.h"
#include "core/rpc/client_stream.h"
#include "core/rpc/queue_threads.h"
#include "core/rpc/server.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

// How a call from outside ended.
struct Answer {
  absl::Status status;
  std::string message;
  Metadata trailers;
};

class DispatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(catalogue_.Offer(provider_, {WeatherSkillSet()}));
    dispatcher_ = std::make_unique<CallDispatcher>(CallDispatcher::Options{
        .router = &router_, .authorize = [this](const IncomingCall&, const Skill& skill) { return Authorize(skill); }});
    ASSERT_OK_AND_ASSIGN(server_,
                         RpcServer::Start({.address = "127.0.0.1:0"}, [this](std::shared_ptr<IncomingCall> call) {
                           dispatcher_->Dispatch(std::move(call));
                         }));
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials());
  }

  absl::StatusOr<std::string> Authorize(const Skill& skill) {
    if (!refusal_.ok()) return refusal_;
    return absl::StrCat("caller of ", skill.id.ToString());
  }

  // Begins a call with at most one request message; the answer comes through `answer` once `done` is notified.
  struct Pending {
    QueueThreads queue{1};
    Answer answer;
    absl::Notification done;
    std::shared_ptr<ClientStream> stream;
  };
  std::unique_ptr<Pending> Begin(const std::string& path, std::optional<std::string> request, Metadata metadata = {},
                                 absl::Time deadline = absl::InfiniteFuture()) {
    auto pending = std::make_unique<Pending>();
    Pending* p = pending.get();
    p->stream = ClientStream::Start(channel_, path, metadata, deadline, true, p->queue.queue(),
                                    [p](absl::Status status, Metadata trailers) {
                                      p->answer.status = std::move(status);
                                      p->answer.trailers = std::move(trailers);
                                      p->done.Notify();
                                    });
    p->stream->Read([p](std::optional<Payload> payload) {
      if (payload.has_value()) p->answer.message = PayloadToString(*payload);
    });
    if (request.has_value()) {
      p->stream->Write(MakePayload(absl::string_view(*request)), [p](bool) { p->stream->WritesDone(); });
    } else {
      p->stream->WritesDone();
    }
    return pending;
  }
  Answer CallAndWait(const std::string& path, std::optional<std::string> request, Metadata metadata = {}) {
    auto pending = Begin(path, std::move(request), std::move(metadata));
    pending->done.WaitForNotification();
    return pending->answer;
  }

  absl::Status refusal_;
  Catalogue catalogue_;
  Router router_{&catalogue_};
  std::shared_ptr<FakeProvider> provider_ = std::make_shared<FakeProvider>("weather@1.0.0");
  std::unique_ptr<CallDispatcher> dispatcher_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(DispatcherTest, AUnaryCallReachesTheProviderAndItsAnswerTheClient) {
  provider_->AnswerWith([](const CallContext& context, const std::string& request) {
    return UnaryResult{.response = MakePayload(absl::StrCat(request, " for ", context.caller)),
                       .trailers = {{"seen", context.skill->path}}};
  });
  Answer answer = CallAndWait("/weather.v1.Weather/Current", "hello");
  EXPECT_OK(answer.status);
  EXPECT_EQ(answer.message, "hello for caller of weather/current");
  EXPECT_THAT(answer.trailers, Contains(Pair("seen", "/weather.v1.Weather/Current")));
}

TEST_F(DispatcherTest, MetadataAndDeadlineReachTheProvider) {
  const absl::Time deadline = absl::Now() + absl::Minutes(3);
  auto pending = Begin("/weather.v1.Weather/Current", "x", {{"traceparent", "00-ab"}}, deadline);
  auto call = provider_->WaitForCall();
  ASSERT_NE(call, nullptr);
  EXPECT_THAT(call->context().metadata, Contains(Pair("traceparent", "00-ab")));
  EXPECT_LT(absl::AbsDuration(call->context().deadline - deadline), absl::Seconds(10));
  EXPECT_NE(call->context().queue, nullptr);
  call->Answer("y");
  pending->done.WaitForNotification();
  EXPECT_EQ(pending->answer.message, "y");
}

TEST_F(DispatcherTest, TheProvidersErrorReachesTheClientWithItsTrailers) {
  provider_->AnswerWith([](const CallContext&, const std::string&) {
    return UnaryResult{.status = absl::AbortedError("try again"), .trailers = {{"retry", "1"}}};
  });
  Answer answer = CallAndWait("/weather.v1.Weather/Current", "x");
  EXPECT_THAT(answer.status, StatusIs(absl::StatusCode::kAborted, "try again"));
  EXPECT_THAT(answer.trailers, Contains(Pair("retry", "1")));
}

TEST_F(DispatcherTest, ACancellationReachesTheProvider) {
  auto pending = Begin("/weather.v1.Weather/Current", "x");
  auto call = provider_->WaitForCall();
  ASSERT_NE(call, nullptr);
  pending->stream->Cancel();
  EXPECT_TRUE(call->WaitForCancel());
  pending->done.WaitForNotification();
  EXPECT_THAT(pending->answer.status, StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(DispatcherTest, APassedDeadlineReachesTheProvider) {
  auto pending = Begin("/weather.v1.Weather/Current", "x", {}, absl::Now() + absl::Milliseconds(200));
  auto call = provider_->WaitForCall();
  ASSERT_NE(call, nullptr);
  EXPECT_TRUE(call->WaitForCancel());
  pending->done.WaitForNotification();
  EXPECT_THAT(pending->answer.status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(DispatcherTest, AUnaryCallWithoutAMessageIsRefused) {
  EXPECT_THAT(CallAndWait("/weather.v1.Weather/Current", std::nullopt).status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/weather.v1.Weather/Current")));
  EXPECT_EQ(provider_->call_count(), 0u);
}

TEST_F(DispatcherTest, AnUnknownPathIsUnimplemented) {
  EXPECT_THAT(CallAndWait("/weather.v1.Weather/Shout", "x").status,
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("/weather.v1.Weather/Shout")));
}

TEST_F(DispatcherTest, WhatIsNotAuthorizedDoesNotReachTheProvider) {
  refusal_ = absl::PermissionDeniedError("not for you");
  EXPECT_THAT(CallAndWait("/weather.v1.Weather/Current", "x").status,
              StatusIs(absl::StatusCode::kPermissionDenied, "not for you"));
  EXPECT_EQ(provider_->call_count(), 0u);
}

TEST_F(DispatcherTest, AStreamIsHandedToTheProvider) {
  auto pending = Begin("/weather.v1.Weather/Chat", "first");
  auto call = provider_->WaitForStream();
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->context.caller, "caller of weather/chat");
  absl::Notification read;
  std::string request;
  call->stream->Read([&](std::optional<Payload> payload) {
    request = PayloadToString(*payload);
    read.Notify();
  });
  read.WaitForNotification();
  EXPECT_EQ(request, "first");
  absl::Notification written;
  call->stream->Write(MakePayload("answer"), [&](bool) { written.Notify(); });
  written.WaitForNotification();
  call->stream->Finish(absl::OkStatus(), {{"end", "1"}});
  pending->done.WaitForNotification();
  EXPECT_OK(pending->answer.status);
  EXPECT_EQ(pending->answer.message, "answer");
}

TEST_F(DispatcherTest, TheHandlerMayHaveTheThreadOnlyWhileAnotherOnePolls) {
  const absl::Time until = absl::Now() + kTestPatience;
  std::atomic<bool> ran_here = false;
  provider_->AnswerWith([&](const CallContext& context, const std::string&) {
    ran_here = context.run_here;
    return UnaryResult{};
  });
  // Of two threads, the other may be on its way back to the queue.
  while (!ran_here && absl::Now() < until) {
    ASSERT_OK(CallAndWait("/weather.v1.Weather/Current", "x").status);
  }
  EXPECT_TRUE(ran_here);

  ASSERT_OK_AND_ASSIGN(
      server_, RpcServer::Start({.address = "127.0.0.1:0", .threads = 1}, [this](std::shared_ptr<IncomingCall> call) {
        dispatcher_->Dispatch(std::move(call));
      }));
  channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials());
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(CallAndWait("/weather.v1.Weather/Current", "x").status);
    EXPECT_FALSE(ran_here);
  }
}

}  // namespace
}  // namespace paranet
