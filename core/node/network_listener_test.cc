#include "core/node/network_listener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/node/federation_control_testutil.h"
#include "core/node/node_control_testutil.h"
#include "core/rpc/tcp_listener.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"
#include "pki/grpc_credentials.h"
#include "pki/node_trust.h"
#include "pki/testutil/test_network.h"
#include "src/proto/grpc/health/v1/health.grpc.pb.h"
#include "src/proto/grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCurrent[] = "/weather.v1.Weather/Current";
constexpr absl::string_view kBank = R"txt(
    syntax = "proto3";
    package bank.v1;
    import "paranet/v1/options.proto";
    message M {}
    service Vault {
      option (paranet.v1.skill_set).private = true;
      rpc Unlock(M) returns (M);
    })txt";

class NetworkListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& provider : {weather_, bank_, peer_}) {
      provider->AnswerWith([this](const CallContext& context, const std::string& /*request*/) {
        caller_ = context.caller;
        return UnaryResult{.status = absl::OkStatus(), .response = MakePayload(absl::string_view())};
      });
    }
    ASSERT_OK(catalogue_.Offer(weather_, {WeatherSkillSet()}));
    ASSERT_OK(catalogue_.Offer(bank_, {MakeSkillSet(kBank, "bank.v1.Vault")}));
    ASSERT_OK(catalogue_.Offer(peer_, {MakeSkillSet(R"txt(syntax = "proto3"; package far.v1; message M {}
                                   service Away { rpc Go(M) returns (M); })txt",
                                                    "far.v1.Away")}));
  }

  void StartTestNode() {
    Listen();
    ASSERT_OK_AND_ASSIGN(
        listener_, NetworkListener::Start({.listener = tcp_.get(), .catalogue = &catalogue_, .router = &router_}));
    channel_ = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  }

  void StartStandardNode() {
    Listen();
    trust_ = network_.Trust("beta");
    ASSERT_OK_AND_ASSIGN(listener_, NetworkListener::Start({.listener = tcp_.get(),
                                                            .trust = trust_,
                                                            .catalogue = &catalogue_,
                                                            .router = &router_,
                                                            .clock = &clock_,
                                                            .node = &node_,
                                                            .policy = node_.policy(),
                                                            .audit = node_.audit(),
                                                            .logger = MakeNullLogger()}));
    listener_->Open(&federation_);
  }

  void Listen() { ASSERT_OK_AND_ASSIGN(tcp_, TcpListener::Start({.address = "127.0.0.1:0"})); }
  std::string address() const { return absl::StrCat("127.0.0.1:", tcp_->port()); }

  // A channel of this client to the Standard Node.
  std::shared_ptr<grpc::Channel> Connect(const std::string& name, pki::Role role) {
    client_ = network_.Node(name, {.role = role});
    auto credentials = pki::MakeChannelCredentials(*client_, network_.IdentityOf("beta"), &clock_, nullptr);
    EXPECT_OK(credentials);
    return grpc::CreateChannel(address(), *credentials);
  }
  void ConnectAs(const std::string& name, pki::Role role = pki::Role::kNode) { channel_ = Connect(name, role); }

  absl::Status Call(const std::string& path) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kTestPatience));
    const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ByteBuffer response;
    const grpc::Status status = grpc::internal::BlockingUnaryCall(channel_.get(), method, &context,
                                                                  MakePayload(absl::string_view()), &response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  // Names of the services by reflection, or the error's code.
  std::vector<std::string> Services() {
    grpc::ClientContext context;
    auto stub = grpc::reflection::v1alpha::ServerReflection::NewStub(channel_);
    auto stream = stub->ServerReflectionInfo(&context);
    grpc::reflection::v1alpha::ServerReflectionRequest request;
    request.set_list_services("*");
    stream->Write(request);
    stream->WritesDone();
    grpc::reflection::v1alpha::ServerReflectionResponse response;
    std::vector<std::string> names;
    while (stream->Read(&response)) {
      for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
    }
    const grpc::Status status = stream->Finish();
    if (!status.ok()) names.push_back("code " + std::to_string(status.error_code()));
    return names;
  }
  absl::Status Health(const std::string& service) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status = grpc::health::v1::Health::NewStub(channel_)->Check(&context, request, &response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  const SystemClock clock_;
  pki::TestNetwork network_;
  std::shared_ptr<pki::NodeTrust> trust_;
  std::unique_ptr<pki::NodeIdentity> client_;
  FakeFederation federation_;
  Catalogue catalogue_;
  const Router router_{&catalogue_};
  std::shared_ptr<FakeProvider> weather_ = std::make_shared<FakeProvider>("weather@1.0.0");
  std::shared_ptr<FakeProvider> bank_ = std::make_shared<FakeProvider>("bank@1.0.0");
  std::shared_ptr<FakeProvider> peer_ = std::make_shared<FakeProvider>("gamma", Provider::Kind::kPeer);
  FakeNode node_;
  std::unique_ptr<TcpListener> tcp_;
  std::unique_ptr<NetworkListener> listener_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string caller_;
};

TEST_F(NetworkListenerTest, ATestNodeServesEverybodyOnceItIsOpen) {
  StartTestNode();
  listener_->Open(nullptr);
  EXPECT_OK(Call(kCurrent));
  EXPECT_EQ(caller_, "anonymous");
  EXPECT_OK(Call("/far.v1.Away/Go"));
  EXPECT_THAT(Call("/weather.v1.Weather/Curent"), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr(kCurrent)));
  EXPECT_THAT(Services(), ElementsAre("bank.v1.Vault", "far.v1.Away", "grpc.health.v1.Health",
                                      "grpc.reflection.v1alpha.ServerReflection", "weather.v1.Weather"));
  EXPECT_OK(Health("weather.v1.Weather"));
  listener_->Close();
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(NetworkListenerTest, ControlIsNotServedHere) {
  StartTestNode();
  listener_->Open(nullptr);
  EXPECT_THAT(Call("/paranet.v1.Node/GetStatus"), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Call("/paranet.v1.Node/Call"), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(NetworkListenerTest, AnotherTakesOverOnTheSameAddress) {
  StartTestNode();
  listener_->Open(nullptr);
  ASSERT_OK(Call(kCurrent));
  // As when a Test Node becomes a Standard Node.
  const std::unique_ptr<NetworkListener> before = std::move(listener_);
  trust_ = network_.Trust("beta");
  ASSERT_OK_AND_ASSIGN(listener_, NetworkListener::Start({.listener = tcp_.get(),
                                                          .trust = trust_,
                                                          .catalogue = &catalogue_,
                                                          .router = &router_,
                                                          .clock = &clock_,
                                                          .node = &node_,
                                                          .policy = node_.policy(),
                                                          .audit = node_.audit(),
                                                          .logger = MakeNullLogger()}));
  EXPECT_OK(Call(kCurrent));
  listener_->Open(&federation_);
  before->Shutdown(absl::Now());
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kUnavailable));
  ConnectAs("ann", pki::Role::kOperator);
  EXPECT_OK(Call(kCurrent));
}

TEST_F(NetworkListenerTest, TheRevokedAreRefusedAtTheirNextCallAndCutOff) {
  StartStandardNode();
  federation_.AddLink("alpha", /*dialler=*/false, v1::ONE_WAY);
  federation_.AddLink("gamma", /*dialler=*/false, v1::ONE_WAY);
  ConnectAs("gamma");
  const std::shared_ptr<grpc::Channel> gamma = channel_;
  ASSERT_OK(Call(kCurrent));
  ConnectAs("alpha");
  ASSERT_OK(Health("weather.v1.Weather"));
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("alpha")));
  // Known by the health service's call alone.
  EXPECT_TRUE(channel_->WaitForStateChange(GRPC_CHANNEL_READY, absl::ToChronoTime(absl::Now() + absl::Seconds(5))));
  EXPECT_FALSE(Call(kCurrent).ok());
  channel_ = gamma;
  EXPECT_EQ(gamma->GetState(false), GRPC_CHANNEL_READY);
  EXPECT_OK(Call(kCurrent));
}

TEST_F(NetworkListenerTest, WhatIsTheFederationsGoesToTheFederation) {
  StartStandardNode();
  ConnectAs("alpha");
  EXPECT_THAT(Call("/paranet.v1.Federation/Link"), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(NetworkListenerTest, APeerCallsWhatIsExported) {
  StartStandardNode();
  federation_.AddLink("alpha", /*dialler=*/false, v1::ONE_WAY);
  ConnectAs("alpha");
  EXPECT_OK(Call(kCurrent));
  EXPECT_EQ(caller_, "paranet://acme/node/alpha");
}

TEST_F(NetworkListenerTest, APeerLearnsNeitherPrivateNorImportedNames) {
  StartStandardNode();
  federation_.AddLink("alpha", /*dialler=*/false, v1::ONE_WAY);
  ConnectAs("alpha");
  for (const char* path : {"/bank.v1.Vault/Unlock", "/far.v1.Away/Go", "/weather.v1.Weather/Curent"}) {
    EXPECT_THAT(Call(path),
                StatusIs(absl::StatusCode::kUnimplemented, std::string("this node has no skill at ") + path));
  }
  EXPECT_THAT(Services(), ElementsAre("grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection",
                                      "paranet.v1.Federation", "paranet.v1.Node", "weather.v1.Weather"));
  EXPECT_OK(Health("weather.v1.Weather"));
  EXPECT_THAT(Health("bank.v1.Vault"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(NetworkListenerTest, APeerGetsTheRefusalOfTheFederation) {
  StartStandardNode();
  federation_.AddLink("alpha", /*dialler=*/false, v1::ONE_WAY);
  federation_.set_authorization(absl::PermissionDeniedError("not exported to alpha"));
  ConnectAs("alpha");
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kPermissionDenied, "not exported to alpha"));
}

TEST_F(NetworkListenerTest, StrangersLearnNothing) {
  StartStandardNode();
  // This node imports from alpha and exports nothing to it.
  federation_.AddLink("alpha", /*dialler=*/true, v1::ONE_WAY);
  federation_.set_authorization(absl::PermissionDeniedError("weather is not for you"));
  for (const char* name : {"alpha", "delta"}) {
    ConnectAs(name);
    const absl::Status known = Call(kCurrent);
    EXPECT_THAT(known, StatusIs(absl::StatusCode::kPermissionDenied, Not(HasSubstr("weather"))));
    EXPECT_EQ(Call("/bank.v1.Vault/Unlock"), known);
    EXPECT_EQ(Call("/no.such.Service/Method"), known);
    EXPECT_THAT(Services(), ElementsAre("code 7"));
    EXPECT_THAT(Health("weather.v1.Weather"), StatusIs(absl::StatusCode::kPermissionDenied));
    EXPECT_THAT(Health(""), StatusIs(absl::StatusCode::kPermissionDenied));
  }
}

TEST_F(NetworkListenerTest, ADiallerExportsWhereBothDo) {
  StartStandardNode();
  federation_.AddLink("alpha", /*dialler=*/true, v1::BIDIRECTIONAL);
  ConnectAs("alpha");
  EXPECT_OK(Call(kCurrent));
}

TEST_F(NetworkListenerTest, OperatorsSeeEverything) {
  StartStandardNode();
  ConnectAs("ann", pki::Role::kOperator);
  EXPECT_OK(Call("/bank.v1.Vault/Unlock"));
  EXPECT_EQ(caller_, "paranet://acme/operator/ann");
  EXPECT_THAT(Services(), ElementsAre("bank.v1.Vault", "far.v1.Away", "grpc.health.v1.Health",
                                      "grpc.reflection.v1alpha.ServerReflection", "paranet.v1.Federation",
                                      "paranet.v1.Node", "weather.v1.Weather"));
}

TEST_F(NetworkListenerTest, APlainTextClientOfAStandardNodeFails) {
  StartStandardNode();
  channel_ = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace paranet
