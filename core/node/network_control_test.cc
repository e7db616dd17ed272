// What the policy lets clients of the network listener do: control, calls, and what they see.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/node/federation_control_testutil.h"
#include "core/node/network_listener.h"
#include "core/node/node_control_testutil.h"
#include "core/rpc/tcp_listener.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"
#include "paranet/v1/node.grpc.pb.h"
#include "pki/grpc_credentials.h"
#include "pki/node_trust.h"
#include "pki/testutil/test_network.h"
#include "src/proto/grpc/health/v1/health.grpc.pb.h"
#include "src/proto/grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace paranet {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAlice[] = "paranet://acme/operator/alice";
constexpr char kCurrent[] = "/weather.v1.Weather/Current";

absl::Status ToStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

class NetworkControlTest : public testing::Test {
 protected:
  void SetUp() override {
    weather_->AnswerWith([](const CallContext& /*context*/, const std::string& /*request*/) {
      return UnaryResult{.status = absl::OkStatus(), .response = MakePayload(absl::string_view())};
    });
    ASSERT_OK(catalogue_.Offer(weather_, {WeatherSkillSet()}));
    ASSERT_OK(catalogue_.Offer(clocks_, {MakeSkillSet(R"txt(syntax = "proto3"; package clock.v1; message M {}
                                     service Clock { rpc Now(M) returns (M); })txt",
                                                      "clock.v1.Clock")}));
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("control"));
    dir_.emplace(std::move(dir));
    ASSERT_OK_AND_ASSIGN(trust_, pki::NodeTrust::Install(
                                     {.dir = dir_->path() + "/identity", .clock = &clock_, .logger = MakeNullLogger()},
                                     *network_.Node("t1"), "", {}));
    node_.kind_ = v1::STANDARD;
    node_.trust_ = trust_.get();
    ASSERT_OK_AND_ASSIGN(tcp_, TcpListener::Start({.address = "127.0.0.1:0"}));
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

  void ConnectAs(const std::string& name, pki::Role role = pki::Role::kOperator) { Connect(network_, name, role); }
  void Connect(pki::TestNetwork& network, const std::string& name, pki::Role role) {
    // With this network's root, which the node shows itself by.
    const pki::NetworkRoot::IssuedKey issued = network.Issue(role, name);
    const auto credentials = pki::MakeChannelCredentials(pki::IdentityFolder{.identity = network.IdentityOf(name, role),
                                                                             .key = issued.key,
                                                                             .chain = issued.chain,
                                                                             .trust = network_.trust()},
                                                         network_.IdentityOf("t1"), &clock_, nullptr);
    ASSERT_OK(credentials);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(tcp_->port()), *credentials);
    stub_ = v1::Node::NewStub(channel_);
  }

  template <typename Request, typename Response>
  absl::Status Ask(grpc::Status (v1::Node::Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kTestPatience));
    Response response;
    return ToStatus((stub_.get()->*method)(&context, Request(), &response));
  }
  absl::Status Status() { return Ask(&v1::Node::Stub::GetStatus); }
  absl::Status CallByName() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kTestPatience));
    const auto stream = stub_->Call(&context);
    v1::CallRequest request;
    request.set_skill("weather/current");
    stream->Write(request);
    stream->WritesDone();
    v1::CallResponse response;
    while (stream->Read(&response)) caller_ = response.json();
    return ToStatus(stream->Finish());
  }
  absl::Status Call(const std::string& path) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kTestPatience));
    const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ByteBuffer response;
    return ToStatus(grpc::internal::BlockingUnaryCall(channel_.get(), method, &context,
                                                      MakePayload(absl::string_view()), &response));
  }
  std::vector<std::string> Services() {
    grpc::ClientContext context;
    const auto stream = grpc::reflection::v1alpha::ServerReflection::NewStub(channel_)->ServerReflectionInfo(&context);
    grpc::reflection::v1alpha::ServerReflectionRequest request;
    request.set_list_services("*");
    stream->Write(request);
    stream->WritesDone();
    grpc::reflection::v1alpha::ServerReflectionResponse response;
    std::vector<std::string> names;
    while (stream->Read(&response)) {
      for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
    }
    return names;
  }
  absl::Status Health(const std::string& service) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    return ToStatus(grpc::health::v1::Health::NewStub(channel_)->Check(&context, request, &response));
  }

  void Grant(const std::string& who, v1::OperatorRole role) {
    v1::UpdatePolicyRequest request;
    request.add_grant()->set_identity(who);
    request.mutable_grant(0)->add_roles(role);
    ASSERT_OK(node_.policy()->Update(request, "uid:7"));
  }
  void SetRule(bool allow, const std::string& who, const std::string& what) {
    v1::UpdatePolicyRequest request;
    v1::CallRule* const rule = request.add_set_rules();
    rule->set_allow(allow);
    rule->set_who(who);
    rule->set_what(what);
    ASSERT_OK(node_.policy()->Update(request, "uid:7"));
  }

  const SystemClock clock_;
  pki::TestNetwork network_;
  pki::TestNetwork partner_{"partner"};
  std::optional<TemporaryDirectory> dir_;
  std::shared_ptr<pki::NodeTrust> trust_;
  FakeNode node_;
  FakeFederation federation_;
  Catalogue catalogue_;
  const Router router_{&catalogue_};
  const std::shared_ptr<const SkillSet> set_ = WeatherSkillSet();
  std::shared_ptr<FakeProvider> weather_ = std::make_shared<FakeProvider>("weather@1.0.0");
  std::shared_ptr<FakeProvider> clocks_ = std::make_shared<FakeProvider>("clock@1.0.0");
  std::unique_ptr<TcpListener> tcp_;
  std::unique_ptr<NetworkListener> listener_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Node::Stub> stub_;
  std::string caller_;
};

TEST_F(NetworkControlTest, OperatorsControlTheNodeByTheirRoles) {
  ConnectAs("alice");
  EXPECT_OK(Status());
  EXPECT_THAT(Ask(&v1::Node::Stub::Stop),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("lacks the role \"root\"")));
  EXPECT_FALSE(node_.stop_requested_);
  EXPECT_THAT(node_.Events(), Contains("paranet://acme/operator/alice control-refused root"));
  Grant("alice", v1::OPERATOR_ROLE_ROOT);
  EXPECT_OK(Ask(&v1::Node::Stub::Stop));
  EXPECT_TRUE(node_.stop_requested_);
  EXPECT_THAT(node_.Events(), Contains("paranet://acme/operator/alice stop-asked t1"));
}

TEST_F(NetworkControlTest, NodesDoNotControlNodes) {
  ConnectAs("beta", pki::Role::kNode);
  federation_.AddLink("beta", /*dialler=*/false, v1::ONE_WAY);
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("certificate of an operator")));
  EXPECT_THAT(CallByName(), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(NetworkControlTest, OperatorsCallByName) {
  ConnectAs("alice");
  node_.skill_ = set_->skills().data();
  EXPECT_OK(CallByName());
  EXPECT_EQ(caller_, kAlice);
  SetRule(false, kAlice, "weather/*");
  EXPECT_THAT(CallByName(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("deny paranet://acme/operator")));
}

TEST_F(NetworkControlTest, WhatAnOperatorMayNotCallItDoesNotSee) {
  ConnectAs("alice");
  EXPECT_OK(Call(kCurrent));
  EXPECT_THAT(Services(), Contains("weather.v1.Weather"));
  SetRule(false, "operator", "weather.v1.Weather");
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("deny operator weather.v1")));
  EXPECT_THAT(Services(),
              ElementsAre("clock.v1.Clock", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection",
                          "paranet.v1.Federation", "paranet.v1.Node"));
  EXPECT_THAT(Health("weather.v1.Weather"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(Health("clock.v1.Clock"));
  // Nor does a mistyped path tell of it.
  EXPECT_THAT(Call("/weather.v1.Weather/Curent"), StatusIs(absl::StatusCode::kUnimplemented, Not(HasSubstr(kCurrent))));
  SetRule(true, kAlice, "weather/current");
  EXPECT_OK(Call(kCurrent));
  EXPECT_THAT(Services(), Contains("weather.v1.Weather"));
}

TEST_F(NetworkControlTest, WhatAPeerMayNotCallLooksAsIfItWereNotThere) {
  ConnectAs("beta", pki::Role::kNode);
  federation_.AddLink("beta", /*dialler=*/false, v1::ONE_WAY);
  EXPECT_OK(Call(kCurrent));
  SetRule(false, "paranet://acme/node/beta", "weather/*");
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Services(), Not(Contains("weather.v1.Weather")));
  EXPECT_THAT(Services(), Contains("clock.v1.Clock"));
  EXPECT_THAT(Health("weather.v1.Weather"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(NetworkControlTest, OperatorsOfFurtherNetworksGetWhatTheyAreGivenAndNoMore) {
  ASSERT_OK(trust_->AddRoot(partner_.trust()->roots()[0].certificate, {}));
  Connect(partner_, "bob", pki::Role::kOperator);
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("lacks the role \"read\"")));
  EXPECT_THAT(Call(kCurrent), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Services(), Not(Contains("weather.v1.Weather")));
  SetRule(true, "paranet://partner/operator/bob", "weather/current");
  EXPECT_OK(Call(kCurrent));
  EXPECT_THAT(Services(), Contains("weather.v1.Weather"));
  Grant("paranet://partner/operator/bob", v1::OPERATOR_ROLE_READ);
  EXPECT_OK(Status());
}

TEST_F(NetworkControlTest, ANodeOfAFurtherNetworkIsNotThePeerOfThatName) {
  ASSERT_OK(trust_->AddRoot(partner_.trust()->roots()[0].certificate, {}));
  federation_.AddLink("beta", /*dialler=*/false, v1::ONE_WAY);
  Connect(partner_, "beta", pki::Role::kNode);
  EXPECT_THAT(Health("weather.v1.Weather"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Services(), ElementsAre());
}

TEST_F(NetworkControlTest, ARevokedOperatorControlsNoMore) {
  ConnectAs("alice");
  EXPECT_OK(Status());
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("alice", pki::Role::kOperator)));
  EXPECT_FALSE(Status().ok());
  EXPECT_FALSE(CallByName().ok());
}

TEST_F(NetworkControlTest, RefusedHandshakesAreRecorded) {
  Connect(partner_, "eve", pki::Role::kOperator);
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(
      node_.Events(),
      Contains(HasSubstr("peer-refused certificate of paranet://partner/operator/eve refused (UNTRUSTED_ROOT)")));
}

}  // namespace
}  // namespace paranet
