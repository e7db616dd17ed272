#include "core/node/control_listener.h"

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/node_control_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"
#include "paranet/v1/node.grpc.pb.h"
#include "src/proto/grpc/health/v1/health.grpc.pb.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

class ControlListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("control"));
    dir_.emplace(std::move(dir));
    ASSERT_OK(catalogue_.Offer(provider_, {WeatherSkillSet()}));
    ASSERT_OK_AND_ASSIGN(listener_, ControlListener::Start({.path = path(),
                                                            .node = &node_,
                                                            .catalogue = &catalogue_,
                                                            .router = &router_,
                                                            .logger = MakeNullLogger()}));
    channel_ = grpc::CreateChannel("unix:" + path(), grpc::InsecureChannelCredentials());
  }
  std::string path() const { return dir_->path() + "/control.sock"; }

  std::optional<TemporaryDirectory> dir_;
  Catalogue catalogue_;
  const Router router_{&catalogue_};
  std::shared_ptr<FakeProvider> provider_ = std::make_shared<FakeProvider>("weather@1.0.0");
  FakeNode node_;
  std::unique_ptr<ControlListener> listener_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
};

TEST_F(ControlListenerTest, ServesTheNode) {
  v1::GetStatusResponse response;
  ASSERT_TRUE(v1::Node::NewStub(channel_)->GetStatus(&context_, {}, &response).ok());
  EXPECT_EQ(response.name(), "t1");
}

TEST_F(ControlListenerTest, CallersByNameAreThisUser) {
  auto stub = v1::Node::NewStub(channel_);
  auto stream = stub->Call(&context_);
  EXPECT_TRUE(stream->Write(v1::CallRequest()));
  v1::CallResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.json(), "uid:" + std::to_string(::geteuid()));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ControlListenerTest, ServesSkillsUnderTheirPathsAsThisUser) {
  provider_->AnswerWith([](const CallContext& context, const std::string& request) {
    EXPECT_EQ(context.caller, "uid:" + std::to_string(::geteuid()));
    return UnaryResult{.status = absl::OkStatus(), .response = MakePayload(absl::string_view(request))};
  });
  const grpc::internal::RpcMethod method("/weather.v1.Weather/Current", grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ByteBuffer response;
  const grpc::Status status = grpc::internal::BlockingUnaryCall(channel_.get(), method, &context_,
                                                                MakePayload(absl::string_view("\x0a\x01x")), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(PayloadToString(response), "\x0a\x01x");
}

TEST_F(ControlListenerTest, ServesHealth) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("weather.v1.Weather");
  grpc::health::v1::HealthCheckResponse response;
  ASSERT_TRUE(grpc::health::v1::Health::NewStub(channel_)->Check(&context_, request, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST_F(ControlListenerTest, ShutdownRemovesTheSocket) {
  EXPECT_EQ(::access(path().c_str(), F_OK), 0);
  listener_->Shutdown(absl::Now());
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
}

TEST(CheckSocketPath, SaysWhatToDoAboutALongOne) {
  EXPECT_OK(CheckSocketPath(std::string(107, 'x')));
  EXPECT_THAT(CheckSocketPath(std::string(108, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("shorter data directory")));
}

}  // namespace
}  // namespace paranet
