#include "core/node/control_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/node/federation_control_testutil.h"
#include "core/node/node_control_testutil.h"
#include "core/rpc/server.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ControlServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, RpcServer::Start({.address = "127.0.0.1:0", .services = {&service_}},
                                                   [this](std::shared_ptr<IncomingCall> call) {
                                                     generic_path_ = call->path();
                                                     call->Finish(absl::AbortedError("generic"), {});
                                                   }));
    stub_ = v1::Node::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  }

  // As the network listener does.
  absl::StatusOr<std::string> Admit(v1::OperatorRole role) {
    if (client_.empty()) return std::string("uid:7");
    const absl::Status status = node_.policy()->CheckRole(*pki::Identity::Parse(client_), role);
    if (!status.ok()) return status;
    return client_;
  }

  std::vector<std::string> Events() { return node_.Events(); }

  grpc::Status Deploy(const std::vector<std::string>& chunks, v1::DeployResponse* response) {
    grpc::ClientContext context;
    auto writer = stub_->Deploy(&context, response);
    for (const std::string& chunk : chunks) {
      v1::DeployRequest request;
      request.set_chunk(chunk);
      if (!writer->Write(request)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  FakeNode node_;
  FakeFederation federation_;
  // Who asks; empty for the user of the control socket.
  std::string client_;
  ControlService service_{
      {.node = &node_,
       .admit = [this](const grpc::ServerContext& /*context*/, v1::OperatorRole role) { return Admit(role); },
       .max_archive = 100}};
  std::string generic_path_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::Node::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(ControlServiceTest, Status) {
  v1::GetStatusResponse response;
  ASSERT_TRUE(stub_->GetStatus(&context_, {}, &response).ok());
  EXPECT_EQ(response.name(), "t1");
}

TEST_F(ControlServiceTest, StopIsARequest) {
  v1::StopResponse response;
  ASSERT_TRUE(stub_->Stop(&context_, {}, &response).ok());
  EXPECT_TRUE(node_.stop_requested_);
}

TEST_F(ControlServiceTest, DeployPutsChunksTogether) {
  v1::DeployResponse response;
  ASSERT_TRUE(Deploy({"ab", "", "cd"}, &response).ok());
  EXPECT_EQ(node_.archive_, "abcd");
  EXPECT_EQ(response.package().id(), "weather");
}

TEST_F(ControlServiceTest, DeployPassesErrorsOn) {
  v1::DeployResponse response;
  const grpc::Status status = Deploy({"bad"}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(status.error_message(), "truncated");
}

TEST_F(ControlServiceTest, DeployOfTooMuchReachesNobody) {
  v1::DeployResponse response;
  EXPECT_EQ(Deploy({std::string(60, 'x'), std::string(41, 'x')}, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(node_.archive_, "");
  EXPECT_TRUE(Deploy({std::string(60, 'x'), std::string(40, 'x')}, &response).ok());
}

TEST_F(ControlServiceTest, UndeployAndRollBackAreRecorded) {
  v1::UndeployRequest undeploy;
  v1::UndeployResponse undeployed;
  undeploy.set_id("weather");
  ASSERT_TRUE(stub_->Undeploy(&context_, undeploy, &undeployed).ok());
  EXPECT_EQ(undeployed.package().id(), "weather");
  undeploy.set_id("nothing");
  grpc::ClientContext other;
  EXPECT_EQ(stub_->Undeploy(&other, undeploy, &undeployed).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::RollBackPackageRequest back;
  back.set_id("weather");
  back.set_version("1.0.0");
  v1::DeployResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->RollBackPackage(&context, back, &response).ok());
  EXPECT_EQ(response.package().version(), "1.0.0");
  const std::vector<std::string> events = node_.Events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(absl::StrContains(events[0], "rolled-back weather@1.0.0")) << events[0];
  EXPECT_TRUE(absl::StrContains(events[1], "undeployed weather@")) << events[1];
}

TEST_F(ControlServiceTest, PullComesInChunks) {
  node_.archive_ = std::string((size_t{2} << 20) + 5, 'x');
  v1::PullPackageRequest request;
  request.set_id("weather");
  const auto reader = stub_->PullPackage(&context_, request);
  v1::PullPackageResponse response;
  std::string archive;
  int chunks = 0;
  for (; reader->Read(&response); ++chunks) archive += response.chunk();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(archive, node_.archive_);
  EXPECT_EQ(chunks, 3);
  request.set_id("nothing");
  grpc::ClientContext context;
  EXPECT_EQ(stub_->PullPackage(&context, request)->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ControlServiceTest, ActorLog) {
  v1::GetActorLogRequest request;
  v1::GetActorLogResponse response;
  request.set_actor("weather");
  request.set_lines(2);
  ASSERT_TRUE(stub_->GetActorLog(&context_, request, &response).ok());
  EXPECT_EQ(response.lines_size(), 2);
  EXPECT_EQ(response.actor(), "weather@1.0.0");
}

TEST_F(ControlServiceTest, Lists) {
  v1::ListPackagesResponse packages;
  ASSERT_TRUE(stub_->ListPackages(&context_, {}, &packages).ok());
  EXPECT_EQ(packages.packages_size(), 3);
  grpc::ClientContext context;
  v1::ListSkillsResponse skills;
  ASSERT_TRUE(stub_->ListSkills(&context, {}, &skills).ok());
  EXPECT_EQ(skills.skill_sets_size(), 4);
}

TEST_F(ControlServiceTest, GetSkill) {
  v1::GetSkillRequest request;
  v1::GetSkillResponse response;
  request.set_skill("weather/current");
  ASSERT_TRUE(stub_->GetSkill(&context_, request, &response).ok());
  EXPECT_EQ(response.skill().name(), "weather/current");
  grpc::ClientContext context;
  request.set_skill("weather/curent");
  EXPECT_EQ(stub_->GetSkill(&context, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ControlServiceTest, CallGoesToTheGenericHandler) {
  auto stream = stub_->Call(&context_);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(generic_path_, "/paranet.v1.Node/Call");
}

TEST_F(ControlServiceTest, ATestNodeNeverFederatesAndSaysWhatToDo) {
  constexpr char kSentence[] =
      "\"t1\" is a Test Node: it has no Otonoma Certificate and never federates. Issue one with 'paranet root issue "
      "NETWORK --role node --name t1 --out DIR' and start it with 'paranet node start --name t1 --identity DIR'.";
  v1::FederateResponse federated;
  const grpc::Status federate = stub_->Federate(&context_, {}, &federated);
  EXPECT_EQ(federate.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(federate.error_message(), kSentence);
  grpc::ClientContext defederate_context;
  v1::DefederateResponse defederated;
  EXPECT_EQ(stub_->Defederate(&defederate_context, {}, &defederated).error_message(), kSentence);
  grpc::ClientContext list_context;
  v1::ListLinksResponse links;
  EXPECT_EQ(stub_->ListLinks(&list_context, {}, &links).error_message(), kSentence);
}

TEST_F(ControlServiceTest, AStandardNodeWhoseFederationDoesNotRunIsUnavailable) {
  node_.kind_ = v1::STANDARD;
  v1::ListLinksResponse links;
  EXPECT_EQ(stub_->ListLinks(&context_, {}, &links).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ControlServiceTest, AStandardNodeFederates) {
  node_.kind_ = v1::STANDARD;
  node_.federation_ = &federation_;
  v1::FederateRequest request;
  request.set_peer("beta");
  v1::FederateResponse federated;
  ASSERT_TRUE(stub_->Federate(&context_, request, &federated).ok());
  EXPECT_EQ(federated.link().peer(), "beta");
  // Bounded where the client has set no deadline.
  EXPECT_LT(federation_.deadline(), absl::Now() + absl::Seconds(31));
  grpc::ClientContext ghost_context;
  request.set_peer("ghost");
  EXPECT_EQ(stub_->Federate(&ghost_context, request, &federated).error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext defederate_context;
  v1::DefederateRequest defederate;
  defederate.set_peer("nobody");
  v1::DefederateResponse defederated;
  EXPECT_EQ(stub_->Defederate(&defederate_context, defederate, &defederated).error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext list_context;
  v1::ListLinksResponse links;
  ASSERT_TRUE(stub_->ListLinks(&list_context, {}, &links).ok());
  EXPECT_EQ(links.links_size(), 1);
}

TEST_F(ControlServiceTest, WhatChangesSomethingIsRecorded) {
  node_.kind_ = v1::STANDARD;
  node_.federation_ = &federation_;
  v1::DeployResponse deployed;
  ASSERT_TRUE(Deploy({"ab"}, &deployed).ok());
  v1::FederateRequest federate;
  federate.set_peer("beta");
  v1::FederateResponse federated;
  ASSERT_TRUE(stub_->Federate(&context_, federate, &federated).ok());
  grpc::ClientContext stop;
  v1::StopResponse stopped;
  ASSERT_TRUE(stub_->Stop(&stop, {}, &stopped).ok());
  EXPECT_THAT(Events(), ElementsAre("uid:7 stop-asked t1", "uid:7 federated beta", "uid:7 deployed weather@"));
  grpc::ClientContext list;
  v1::ListAuditEventsRequest request;
  request.set_limit(1);
  v1::ListAuditEventsResponse listed;
  ASSERT_TRUE(stub_->ListAuditEvents(&list, request, &listed).ok());
  ASSERT_EQ(listed.events_size(), 1);
  EXPECT_EQ(listed.events(0).event(), "stop-asked");
}

// Which role each method takes: the service asks for exactly that one.
TEST_F(ControlServiceTest, EveryMethodTakesItsRole) {
  const auto refused = [&](absl::string_view role, auto method, auto request, auto response) {
    grpc::ClientContext context;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << role;
    EXPECT_THAT(status.error_message(), HasSubstr(absl::StrCat("lacks the role \"", role, "\"")));
  };
  using Stub = v1::Node::Stub;
  // Of another network: no role at all.
  client_ = "paranet://other/operator/bob";
  refused("read", &Stub::GetStatus, v1::GetStatusRequest(), v1::GetStatusResponse());
  refused("read", &Stub::ListPackages, v1::ListPackagesRequest(), v1::ListPackagesResponse());
  refused("read", &Stub::GetActorLog, v1::GetActorLogRequest(), v1::GetActorLogResponse());
  grpc::ClientContext pull;
  EXPECT_THAT(stub_->PullPackage(&pull, v1::PullPackageRequest())->Finish().error_message(),
              HasSubstr("lacks the role \"read\""));
  refused("read", &Stub::ListSkills, v1::ListSkillsRequest(), v1::ListSkillsResponse());
  refused("read", &Stub::GetSkill, v1::GetSkillRequest(), v1::GetSkillResponse());
  refused("read", &Stub::ListLinks, v1::ListLinksRequest(), v1::ListLinksResponse());
  refused("read", &Stub::GetTrust, v1::GetTrustRequest(), v1::GetTrustResponse());
  refused("read", &Stub::GetPolicy, v1::GetPolicyRequest(), v1::GetPolicyResponse());
  refused("read", &Stub::CheckPolicy, v1::CheckPolicyRequest(), v1::CheckPolicyResponse());
  refused("read", &Stub::ListAuditEvents, v1::ListAuditEventsRequest(), v1::ListAuditEventsResponse());
  // With `read` alone.
  client_ = "paranet://acme/operator/alice";
  refused("federate", &Stub::Federate, v1::FederateRequest(), v1::FederateResponse());
  refused("federate", &Stub::Defederate, v1::DefederateRequest(), v1::DefederateResponse());
  refused("deploy", &Stub::Undeploy, v1::UndeployRequest(), v1::UndeployResponse());
  refused("deploy", &Stub::RollBackPackage, v1::RollBackPackageRequest(), v1::DeployResponse());
  refused("root", &Stub::Stop, v1::StopRequest(), v1::StopResponse());
  refused("root", &Stub::UpdateTrust, v1::UpdateTrustRequest(), v1::GetTrustResponse());
  refused("root", &Stub::UpdatePolicy, v1::UpdatePolicyRequest(), v1::GetPolicyResponse());
  v1::DeployResponse deployed;
  EXPECT_THAT(Deploy({"ab"}, &deployed).error_message(), HasSubstr("lacks the role \"deploy\""));
  EXPECT_EQ(node_.archive_, "");
  EXPECT_FALSE(node_.stop_requested_);
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(ControlServiceTest, PolicyIsChangedAndShown) {
  v1::UpdatePolicyRequest request;
  request.add_grant()->set_identity("alice");
  request.mutable_grant(0)->add_roles(v1::OPERATOR_ROLE_FEDERATE);
  v1::GetPolicyResponse policy;
  ASSERT_TRUE(stub_->UpdatePolicy(&context_, request, &policy).ok());
  ASSERT_EQ(policy.operators_size(), 1);
  EXPECT_EQ(policy.operators(0).identity(), "paranet://acme/operator/alice");
  client_ = "paranet://acme/operator/alice";
  grpc::ClientContext get;
  v1::GetPolicyResponse got;
  ASSERT_TRUE(stub_->GetPolicy(&get, {}, &got).ok());
  EXPECT_EQ(got.SerializeAsString(), policy.SerializeAsString());
  grpc::ClientContext check;
  v1::CheckPolicyRequest question;
  question.set_identity("alice");
  question.set_skill("weather/current");
  v1::CheckPolicyResponse answer;
  ASSERT_TRUE(stub_->CheckPolicy(&check, question, &answer).ok());
  EXPECT_TRUE(answer.may_call());
  EXPECT_THAT(answer.roles(), ElementsAre(v1::OPERATOR_ROLE_READ, v1::OPERATOR_ROLE_FEDERATE));
}

TEST_F(ControlServiceTest, ATestNodeTrustsNobody) {
  v1::GetTrustResponse response;
  const grpc::Status status = stub_->GetTrust(&context_, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("Test Node"));
}

}  // namespace
}  // namespace paranet
