#include "core/node/call_service.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "core/rpc/server.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "paranet/v1/node.grpc.pb.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);

class CallServiceTest : public testing::Test {
 protected:
  using Function = std::function<absl::Status(const JsonCall&)>;

  void Serve(Function function, int limit = 256) {
    function_ = std::move(function);
    service_ = std::make_unique<CallService>(
        CallService::Options{.call = [this](const JsonCall& call) { return function_(call); },
                             .admit =
                                 [this](const IncomingCall&, JsonCall* call) {
                                   call->caller = "uid:7";
                                   return admitted_;
                                 },
                             .limit = limit});
    ASSERT_OK_AND_ASSIGN(server_,
                         RpcServer::Start({.address = "127.0.0.1:0"}, [this](std::shared_ptr<IncomingCall> call) {
                           EXPECT_EQ(call->path(), kCallPath);
                           service_->Serve(std::move(call));
                         }));
    stub_ = v1::Node::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  }

  absl::Status admitted_;
  Function function_;
  std::unique_ptr<CallService> service_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::Node::Stub> stub_;
};

v1::CallRequest Message(const std::string& json) {
  v1::CallRequest request;
  request.set_json(json);
  return request;
}

TEST_F(CallServiceTest, WhoIsNotAdmittedReachesNothing) {
  admitted_ = absl::PermissionDeniedError("not you");
  Serve([](const JsonCall&) {
    ADD_FAILURE();
    return absl::OkStatus();
  });
  grpc::ClientContext context;
  const grpc::Status status = stub_->Call(&context)->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(status.error_message(), "not you");
}

TEST_F(CallServiceTest, MessagesAnswersAndStatusGoThrough) {
  Serve([](const JsonCall& call) {
    EXPECT_EQ(call.skill, "weather/chat");
    EXPECT_EQ(call.provider, "beta");
    EXPECT_EQ(call.caller, "uid:7");
    EXPECT_TRUE(call.wait_for_ready);
    EXPECT_LT(call.deadline, absl::Now() + absl::Seconds(61));
    while (std::optional<std::string> json = call.next_request()) EXPECT_TRUE(call.on_response("re " + *json));
    return absl::NotFoundError("no more");
  });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  v1::CallRequest first = Message("a");
  first.set_skill("weather/chat");
  first.set_provider("beta");
  first.set_timeout_ms(60'000);
  first.set_wait_for_ready(true);
  EXPECT_TRUE(stream->Write(first));
  EXPECT_TRUE(stream->Write(Message("b")));
  stream->WritesDone();
  std::vector<std::string> answers;
  v1::CallResponse response;
  while (stream->Read(&response)) answers.push_back(response.json());
  EXPECT_THAT(answers, ElementsAre("re a", "re b"));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no more");
}

TEST_F(CallServiceTest, TheFirstMessageMayOnlyOpenTheCall) {
  Serve([](const JsonCall& call) {
    EXPECT_EQ(call.next_request(), "a");
    EXPECT_EQ(call.next_request(), std::nullopt);
    EXPECT_EQ(call.deadline, absl::InfiniteFuture());
    return absl::OkStatus();
  });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  EXPECT_TRUE(stream->Write(v1::CallRequest()));
  EXPECT_TRUE(stream->Write(Message("a")));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(CallServiceTest, WithoutAFirstMessageItIsInvalid) {
  Serve([](const JsonCall&) { return absl::OkStatus(); });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CallServiceTest, AFurtherMessageWithoutJsonIsInvalid) {
  bool cancelled = false;
  Serve([&](const JsonCall& call) {
    call.on_start([&] { cancelled = true; });
    EXPECT_EQ(call.next_request(), std::nullopt);
    return absl::CancelledError("given up");
  });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  EXPECT_TRUE(stream->Write(v1::CallRequest()));
  EXPECT_TRUE(stream->Write(v1::CallRequest()));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("no JSON"));
  EXPECT_TRUE(cancelled);
}

TEST_F(CallServiceTest, ACallThatEndsEarlyAnswersAClientThatCouldStillSend) {
  Serve([](const JsonCall& call) {
    EXPECT_EQ(call.next_request(), "a");
    call.on_end();
    EXPECT_EQ(call.next_request(), std::nullopt);
    return absl::ResourceExhaustedError("enough");
  });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  EXPECT_TRUE(stream->Write(Message("a")));
  // No WritesDone.
  v1::CallResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_message(), "enough");
}

TEST_F(CallServiceTest, AClientThatGivesUpCancels) {
  absl::Notification started;
  absl::Notification cancelled;
  Serve([&](const JsonCall& call) {
    call.on_start([&] { cancelled.Notify(); });
    started.Notify();
    EXPECT_EQ(call.next_request(), "a");
    EXPECT_TRUE(cancelled.WaitForNotificationWithTimeout(kPatience));
    EXPECT_EQ(call.next_request(), std::nullopt);
    EXPECT_FALSE(call.on_response("late"));
    return absl::CancelledError();
  });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  EXPECT_TRUE(stream->Write(Message("a")));
  ASSERT_TRUE(started.WaitForNotificationWithTimeout(kPatience));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  service_->Stop();
}

TEST_F(CallServiceTest, MoreThanTheLimitAreRefused) {
  absl::Notification running;
  absl::Notification go;
  Serve(
      [&](const JsonCall&) {
        running.Notify();
        go.WaitForNotification();
        return absl::OkStatus();
      },
      /*limit=*/1);
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  EXPECT_TRUE(stream->Write(Message("a")));
  ASSERT_TRUE(running.WaitForNotificationWithTimeout(kPatience));
  grpc::ClientContext another_context;
  auto another = stub_->Call(&another_context);
  EXPECT_EQ(another->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  go.Notify();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(CallServiceTest, StopWaitsForCallsAndRefusesFurther) {
  absl::Notification running;
  bool ended = false;
  Serve([&](const JsonCall& call) {
    running.Notify();
    EXPECT_EQ(call.next_request(), "a");
    ended = true;
    return absl::OkStatus();
  });
  grpc::ClientContext context;
  auto stream = stub_->Call(&context);
  EXPECT_TRUE(stream->Write(Message("a")));
  ASSERT_TRUE(running.WaitForNotificationWithTimeout(kPatience));
  service_->Stop();
  EXPECT_TRUE(ended);
  grpc::ClientContext late_context;
  auto late = stub_->Call(&late_context);
  EXPECT_EQ(late->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace paranet
