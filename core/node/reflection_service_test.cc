#include "core/node/reflection_service.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "core/rpc/server.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::grpc::reflection::v1alpha::ServerReflection;
using ::grpc::reflection::v1alpha::ServerReflectionRequest;
using ::grpc::reflection::v1alpha::ServerReflectionResponse;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr absl::string_view kBank = R"txt(
    syntax = "proto3";
    package bank.v1;
    import "paranet/v1/options.proto";
    import "google/protobuf/timestamp.proto";
    message M { google.protobuf.Timestamp at = 1; }
    service Desk {
      rpc Open(M) returns (M);
      rpc Hidden(M) returns (M) { option (paranet.v1.skill).private = true; }
    }
    service Vault {
      option (paranet.v1.skill_set).private = true;
      rpc Unlock(M) returns (M);
    })txt";

class ReflectionServiceTest : public testing::Test {
 protected:
  using Stream = grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>;

  void SetUp() override {
    ASSERT_OK(catalogue_.Offer(std::make_shared<FakeProvider>("bank@1.0.0"),
                               {MakeSkillSet(kBank, "bank.v1.Desk"), MakeSkillSet(kBank, "bank.v1.Vault")}));
    ASSERT_OK(catalogue_.Offer(std::make_shared<FakeProvider>("gamma", Provider::Kind::kPeer), {WeatherSkillSet()}));
    ASSERT_OK_AND_ASSIGN(server_, RpcServer::Start({.address = "127.0.0.1:0", .services = {&service_}},
                                                   [](const std::shared_ptr<IncomingCall>& call) {
                                                     call->Finish(absl::UnimplementedError(""), {});
                                                   }));
    stub_ = ServerReflection::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  }

  ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
    grpc::ClientContext context;
    auto stream = stub_->ServerReflectionInfo(&context);
    EXPECT_TRUE(stream->Write(request));
    ServerReflectionResponse response;
    EXPECT_TRUE(stream->Read(&response));
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    return response;
  }
  ServerReflectionResponse AskSymbol(const std::string& symbol) {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(symbol);
    return Ask(request);
  }
  ServerReflectionResponse AskFile(const std::string& file) {
    ServerReflectionRequest request;
    request.set_file_by_filename(file);
    return Ask(request);
  }
  std::vector<std::string> Services() {
    ServerReflectionRequest request;
    request.set_list_services("*");
    std::vector<std::string> names;
    const ServerReflectionResponse response = Ask(request);
    for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
    return names;
  }

  // The files of an answer, linked: what a client makes of it.
  struct Linked {
    explicit Linked(const ServerReflectionResponse& response) {
      std::string asked_for;
      for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
        google::protobuf::FileDescriptorProto proto;
        EXPECT_TRUE(proto.ParseFromString(bytes));
        if (asked_for.empty()) asked_for = proto.name();
        EXPECT_TRUE(database.Add(proto));
      }
      file = pool.FindFileByName(asked_for);
    }

    google::protobuf::SimpleDescriptorDatabase database;
    google::protobuf::DescriptorPool pool{&database};
    const google::protobuf::FileDescriptor* file = nullptr;
  };

  Catalogue catalogue_;
  std::atomic<Visibility> visibility_ = Visibility::kEverything;
  ReflectionService service_{{.catalogue = &catalogue_,
                              .own_services = {"grpc.reflection.v1alpha.ServerReflection", "no.such.Service"},
                              .viewer = [this](const grpc::ServerContext&) { return visibility_.load(); },
                              .limit = 2}};
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<ServerReflection::Stub> stub_;
};

TEST_F(ReflectionServiceTest, ListsLocalAndImportedSkillSetsAndItself) {
  EXPECT_THAT(Services(), ElementsAre("bank.v1.Desk", "bank.v1.Vault", "grpc.reflection.v1alpha.ServerReflection",
                                      "weather.v1.Weather"));
}

TEST_F(ReflectionServiceTest, AFileComesWithAllThatItImports) {
  for (const char* symbol : {"bank.v1.Desk", "bank.v1.Desk.Open", "bank.v1.M"}) {
    const Linked linked(AskSymbol(symbol));
    ASSERT_NE(linked.file, nullptr) << symbol;
    EXPECT_EQ(linked.file->service_count(), 2);
    EXPECT_NE(linked.pool.FindMessageTypeByName("google.protobuf.Timestamp"), nullptr);
  }
}

TEST_F(ReflectionServiceTest, FileByName) {
  EXPECT_NE(Linked(AskFile("google/protobuf/timestamp.proto")).file, nullptr);
  EXPECT_EQ(AskFile("google/protobuf/struct.proto").error_response().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReflectionServiceTest, ItsOwnFiles) {
  EXPECT_NE(Linked(AskSymbol("grpc.reflection.v1alpha.ServerReflection")).file, nullptr);
  // Linked into the program, but no service of this listener.
  EXPECT_TRUE(AskSymbol("paranet.v1.PackageInfo").has_error_response());
}

TEST_F(ReflectionServiceTest, WhatThereIsNotIsNotFound) {
  const ServerReflectionResponse response = AskSymbol("weather.v1.Wether");
  EXPECT_EQ(response.error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(response.original_request().file_containing_symbol(), "weather.v1.Wether");
  EXPECT_EQ(AskFile("").error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("bank.v1.M");
  EXPECT_EQ(Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.mutable_file_containing_extension()->set_containing_type("bank.v1.M");
  EXPECT_EQ(Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Ask({}).error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ReflectionServiceTest, PeersSeeNeitherImportsNorWhatIsPrivate) {
  visibility_ = Visibility::kExported;
  EXPECT_THAT(Services(), ElementsAre("bank.v1.Desk", "grpc.reflection.v1alpha.ServerReflection"));
  EXPECT_TRUE(AskSymbol("weather.v1.Weather").has_error_response());
  EXPECT_TRUE(AskSymbol("bank.v1.Vault").has_error_response());
  EXPECT_TRUE(AskSymbol("bank.v1.Vault.Unlock").has_error_response());
  EXPECT_TRUE(AskSymbol("bank.v1.Desk.Hidden").has_error_response());
  // Their file is one that peers may see: without them.
  const Linked linked(AskSymbol("bank.v1.Desk"));
  const google::protobuf::FileDescriptor* file = linked.file;
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(file->service_count(), 1);
  EXPECT_EQ(file->service(0)->name(), "Desk");
  ASSERT_EQ(file->service(0)->method_count(), 1);
  EXPECT_EQ(file->service(0)->method(0)->name(), "Open");
}

TEST_F(ReflectionServiceTest, StrangersAreDenied) {
  visibility_ = Visibility::kNothing;
  grpc::ClientContext context;
  auto stream = stub_->ServerReflectionInfo(&context);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ReflectionServiceTest, StreamsAreBoundedAndSeeChanges) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  ServerReflectionResponse response;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 2; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub_->ServerReflectionInfo(contexts.back().get()));
    ASSERT_TRUE(streams.back()->Write(request));
    ASSERT_TRUE(streams.back()->Read(&response));
    EXPECT_THAT(response.list_services_response().service(), SizeIs(4));
  }
  grpc::ClientContext context;
  EXPECT_EQ(stub_->ServerReflectionInfo(&context)->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  catalogue_.Withdraw("gamma");
  ASSERT_TRUE(streams[0]->Write(request));
  ASSERT_TRUE(streams[0]->Read(&response));
  EXPECT_THAT(response.list_services_response().service(), SizeIs(3));
  for (auto& stream : streams) {
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }
}

}  // namespace
}  // namespace paranet
