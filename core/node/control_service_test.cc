#include "core/node/control_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/node/federation_control_testutil.h"
#include "core/node/node_control.h"
#include "core/rpc/server.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class FakeNode final : public NodeControl {
 public:
  const std::string& name() const override { return name_; }
  v1::GetStatusResponse Status() override {
    v1::GetStatusResponse status;
    status.set_name(name_);
    status.set_kind(kind_);
    return status;
  }
  void RequestStop() override { stop_requested_ = true; }
  absl::StatusOr<v1::DeployResponse> Deploy(std::string archive) override {
    archive_ = std::move(archive);
    if (archive_ == "bad") return absl::DataLossError("truncated");
    v1::DeployResponse response;
    response.mutable_package()->set_id("weather");
    return response;
  }
  std::vector<v1::PackageInfo> ListPackages() override { return std::vector<v1::PackageInfo>(3); }
  std::vector<v1::SkillSetEntry> ListSkills() override { return std::vector<v1::SkillSetEntry>(4); }
  absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill) override {
    if (skill != "weather/current") return absl::NotFoundError("Did you mean");
    v1::GetSkillResponse response;
    response.mutable_skill()->set_name(skill);
    return response;
  }
  absl::Status Call(const JsonCall& /*call*/) override { return absl::OkStatus(); }
  FederationControl* federation() override { return federation_; }

  std::string name_ = "t1";
  v1::NodeKind kind_ = v1::TEST;
  bool stop_requested_ = false;
  std::string archive_;
  FederationControl* federation_ = nullptr;
};

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
  ControlService service_{&node_, /*max_archive=*/100};
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

}  // namespace
}  // namespace paranet
