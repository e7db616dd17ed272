#include "core/node/health_service.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/rpc/server.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::grpc::health::v1::Health;
using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

constexpr char kWeather[] = "weather.v1.Weather";

class HealthServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(catalogue_.Offer(provider_, {WeatherSkillSet()}));
    ASSERT_OK_AND_ASSIGN(server_, RpcServer::Start({.address = "127.0.0.1:0", .services = {&service_}},
                                                   [](const std::shared_ptr<IncomingCall>& call) {
                                                     call->Finish(absl::UnimplementedError(""), {});
                                                   }));
    stub_ = Health::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  }

  grpc::Status Check(const std::string& service, HealthCheckResponse* response) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(service);
    return stub_->Check(&context, request, response);
  }

  Catalogue catalogue_;
  std::shared_ptr<FakeProvider> provider_ = std::make_shared<FakeProvider>("weather@1.0.0");
  std::atomic<Visibility> visibility_ = Visibility::kEverything;
  HealthService service_{{.catalogue = &catalogue_,
                          .viewer = [this](const grpc::ServerContext&) { return visibility_.load(); },
                          .limit = 2}};
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<Health::Stub> stub_;
};

TEST_F(HealthServiceTest, TheNodeServes) {
  HealthCheckResponse response;
  ASSERT_TRUE(Check("", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
}

TEST_F(HealthServiceTest, AServiceServesWhileAProviderIsAvailable) {
  HealthCheckResponse response;
  ASSERT_TRUE(Check(kWeather, &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  provider_->set_available(false);
  ASSERT_TRUE(Check(kWeather, &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthServiceTest, AnUnknownServiceIsNotFound) {
  HealthCheckResponse response;
  EXPECT_EQ(Check("weather.v1.Wether", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthServiceTest, StrangersLearnNothing) {
  visibility_ = Visibility::kNothing;
  HealthCheckResponse response;
  const grpc::Status known = Check(kWeather, &response);
  const grpc::Status unknown = Check("weather.v1.Wether", &response);
  EXPECT_EQ(known.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(unknown.error_code(), known.error_code());
  EXPECT_EQ(unknown.error_message(), known.error_message());
  EXPECT_EQ(Check("", &response).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(HealthServiceTest, PeersSeeNoImports) {
  visibility_ = Visibility::kExported;
  HealthCheckResponse response;
  ASSERT_TRUE(Check(kWeather, &response).ok());
  catalogue_.Withdraw("weather@1.0.0");
  ASSERT_OK(catalogue_.Offer(std::make_shared<FakeProvider>("gamma", Provider::Kind::kPeer), {WeatherSkillSet()}));
  EXPECT_EQ(Check(kWeather, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthServiceTest, WatchFollowsTheCatalogue) {
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service(kWeather);
  auto watch = stub_->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  provider_->set_available(false);
  catalogue_.Touch();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  catalogue_.Withdraw("weather@1.0.0");
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  visibility_ = Visibility::kNothing;
  catalogue_.Touch();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(HealthServiceTest, WatchesAreBoundedAndEndWithStop) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>> watches;
  HealthCheckResponse response;
  for (int i = 0; i < 2; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    watches.push_back(stub_->Watch(contexts.back().get(), {}));
    ASSERT_TRUE(watches.back()->Read(&response));
  }
  grpc::ClientContext context;
  EXPECT_EQ(stub_->Watch(&context, {})->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  service_.Stop();
  for (auto& watch : watches) EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, AWatchEndsWhenItsClientHasGone) {
  {
    grpc::ClientContext context;
    auto watch = stub_->Watch(&context, {});
    HealthCheckResponse response;
    ASSERT_TRUE(watch->Read(&response));
    context.TryCancel();
    EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // Returns when the handlers have: no watch holds its thread.
  server_->Shutdown(absl::InfiniteFuture());
}

}  // namespace
}  // namespace paranet
