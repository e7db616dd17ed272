#include "core/node/node.h"

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/node/federation_control_testutil.h"
#include "core/node/installed_kind.h"
#include "core/package/archive.h"
#include "core/package/package_builder.h"
#include "core/package/package_signature.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"
#include "paranet/v1/node.grpc.pb.h"
#include "pki/grpc_credentials.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kPatience = absl::Seconds(20);

// The example package, in `version` if given.
Package WeatherExample(const std::string& version = "") {
  absl::StatusOr<TemporaryDirectory> dir = TemporaryDirectory::Create("weather");
  EXPECT_OK(dir);
  // Copied, because a test sees its data through symbolic links, which no package may have.
  for (const char* name : {"paranet.yaml", "libweather.so", "weather.binpb"}) {
    absl::StatusOr<std::string> content = ReadFile(absl::StrCat("examples/weather/", name));
    EXPECT_OK(content);
    if (!version.empty() && absl::string_view(name) == "paranet.yaml") {
      // The package's own version is the first.
      const size_t at = content->find("1.0.0");
      EXPECT_NE(at, std::string::npos);
      content->replace(at, 5, version);
    }
    EXPECT_OK(WriteFileAtomically(absl::StrCat(dir->path(), "/", name), *content, 0700));
  }
  absl::StatusOr<Package> package = BuildPackage(dir->path());
  EXPECT_OK(package);
  return *std::move(package);
}

std::string Archive(const Package& package) {
  absl::StatusOr<std::string> archive = SerializeArchive(package);
  EXPECT_OK(archive);
  return *std::move(archive);
}

class NodeTest : public testing::Test {
 protected:
  void SetUp() override {
    // Not $TEST_TMPDIR: the paths of Unix sockets are short.
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("node"));
    dir_.emplace(std::move(dir));
  }

  NodeOptions Options(const std::string& address = "") const {
    NodeOptions options;
    options.name = "t1";
    options.data_dir = data_dir();
    options.address = address;
    options.logger = MakeNullLogger();
    return options;
  }
  NodeOptions StandardOptions() {
    NodeOptions options = EnrollableOptions();
    options.identity = network_.Node("t1");
    return options;
  }
  // Of a Test Node that may be enrolled, or of whatever is installed.
  NodeOptions EnrollableOptions() {
    NodeOptions options = Options();
    options.make_federation = [this](const NodeParts& parts) -> absl::StatusOr<std::unique_ptr<FederationControl>> {
      EXPECT_EQ(parts.node_name, "t1");
      EXPECT_EQ(parts.trust->self(), network_.IdentityOf("t1"));
      EXPECT_THAT(parts.address, HasSubstr("127.0.0.1:"));
      EXPECT_OK(parts.database->Query("SELECT peer FROM link"));
      if (!federation_error_.ok()) return federation_error_;
      auto federation = std::make_unique<FakeFederation>();
      fake_federation_ = federation.get();
      return federation;
    };
    return options;
  }
  std::string data_dir() const { return dir_->path() + "/t1"; }
  bool HasDataDir() const { return ::access(data_dir().c_str(), F_OK) == 0; }

  void StartTestNode() { ASSERT_OK_AND_ASSIGN(node_, Node::Start(Options())); }
  void Restart() {
    node_.reset();
    StartTestNode();
  }

  absl::StatusOr<std::vector<std::string>> Call(const std::string& skill, const std::string& request) {
    std::vector<std::string> answers;
    bool asked = false;
    JsonCall call;
    call.skill = skill;
    call.deadline = absl::Now() + kPatience;
    call.next_request = [&]() -> std::optional<std::string> {
      return std::exchange(asked, true) ? std::nullopt : std::optional(request);
    };
    call.on_response = [&](std::string json) {
      answers.push_back(std::move(json));
      return true;
    };
    absl::Status status = node_->Call(call);
    if (!status.ok()) return status;
    return answers;
  }

  // By the skill's own path, as any gRPC client does it: weather/current for Oslo.
  absl::StatusOr<std::string> CallPath(const std::string& target,
                                       const std::string& path = "/weather.v1.Weather/Current",
                                       std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr) {
    if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
    auto channel = grpc::CreateChannel(target, credentials);
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ByteBuffer response;
    const grpc::Status status = grpc::internal::BlockingUnaryCall(
        channel.get(), method, &context, MakePayload(absl::string_view("\x0a\x04Oslo")), &response);
    if (!status.ok()) return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
    return PayloadToString(response);
  }

  // The same with mutual TLS, as this node.
  absl::StatusOr<std::string> CallPathAs(const std::string& name) {
    const SystemClock clock;
    const auto client = network_.Node(name);
    auto credentials = pki::MakeChannelCredentials(*client, network_.IdentityOf("t1"), &clock, nullptr);
    EXPECT_OK(credentials);
    return CallPath(node_->address(), "/weather.v1.Weather/Current", *credentials);
  }

  pki::TestNetwork network_;
  absl::Status federation_error_;
  FakeFederation* fake_federation_ = nullptr;
  std::optional<TemporaryDirectory> dir_;
  std::unique_ptr<Node> node_;
};

TEST_F(NodeTest, StatusOfATestNode) {
  StartTestNode();
  const v1::GetStatusResponse status = node_->Status();
  EXPECT_EQ(status.name(), "t1");
  EXPECT_EQ(status.kind(), v1::TEST);
  EXPECT_EQ(status.network(), "");
  EXPECT_EQ(status.address(), node_->address());
  EXPECT_THAT(status.address(), testing::StartsWith("127.0.0.1:"));
  EXPECT_EQ(status.socket(), data_dir() + "/control.sock");
  EXPECT_EQ(status.data_dir(), data_dir());
  EXPECT_EQ(status.pid(), ::getpid());
  EXPECT_FALSE(status.has_certificate());
  EXPECT_EQ(status.packages(), 0u);
  EXPECT_EQ(node_->federation(), nullptr);
}

TEST_F(NodeTest, TheExampleIsCalledByNameByPathAndOverTheSocket) {
  StartTestNode();
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse deployed, node_->Deploy(Archive(WeatherExample())));
  EXPECT_THAT(deployed.notes(), Contains(HasSubstr("unsigned")));
  EXPECT_EQ(node_->Status().packages(), 1u);
  EXPECT_EQ(node_->Status().skill_sets(), 1u);

  ASSERT_OK_AND_ASSIGN(std::vector<std::string> answers, Call("weather/current", R"({"city":"oslo"})"));
  EXPECT_THAT(answers, ElementsAre(HasSubstr(R"("city":"Oslo")")));
  ASSERT_OK_AND_ASSIGN(answers, Call("weather/watch", R"({"city":"Oslo","count":3})"));
  EXPECT_THAT(answers, SizeIs(3));
  EXPECT_THAT(CallPath(node_->address()), IsOkAndHolds(HasSubstr("Oslo")));
  EXPECT_THAT(CallPath("unix:" + node_->Status().socket()), IsOkAndHolds(HasSubstr("Oslo")));

  EXPECT_THAT(node_->ListSkills(), SizeIs(1));
  ASSERT_OK_AND_ASSIGN(v1::GetSkillResponse skill, node_->GetSkill("weather/current"));
  EXPECT_EQ(skill.skill().path(), "/weather.v1.Weather/Current");
}

TEST_F(NodeTest, BadCalls) {
  StartTestNode();
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  EXPECT_THAT(Call("weather/curent", "{}"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"weather/current\"")));
  EXPECT_THAT(Call("weather/current", R"({"town":"Oslo"})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("town")));
  EXPECT_THAT(Call("weather/current", R"({"city":"Atlantis"})"),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("weather/current"), HasSubstr("Atlantis"))));
  EXPECT_THAT(CallPath(node_->address(), "/weather.v1.Weather/Curent"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("/weather.v1.Weather/Current")));
}

TEST_F(NodeTest, CallByNameOverTheSocket) {
  StartTestNode();
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  auto stub =
      v1::Node::NewStub(grpc::CreateChannel("unix:" + node_->Status().socket(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  auto stream = stub->Call(&context);
  v1::CallRequest request;
  request.set_skill("weather/watch");
  request.set_json(R"({"city":"Oslo","count":5})");
  EXPECT_TRUE(stream->Write(request));
  stream->WritesDone();
  v1::CallResponse response;
  int answers = 0;
  while (stream->Read(&response)) ++answers;
  EXPECT_EQ(answers, 5);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(NodeTest, ARestartKeepsPackagesAndPort) {
  StartTestNode();
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  const std::string address = node_->address();
  Restart();
  EXPECT_EQ(node_->address(), address);
  ASSERT_THAT(node_->ListPackages(), SizeIs(1));
  EXPECT_EQ(node_->ListPackages()[0].state(), v1::PackageInfo::RUNNING);
  EXPECT_THAT(CallPath(address), IsOkAndHolds(HasSubstr("Oslo")));
}

TEST_F(NodeTest, AnAddressThatIsAskedForComesBeforeTheRemembered) {
  StartTestNode();
  node_.reset();
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(Options("[::1]:0")));
  EXPECT_THAT(node_->address(), testing::StartsWith("[::1]:"));
  EXPECT_THAT(CallPath(node_->address()), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(NodeTest, WithoutAControlSocket) {
  NodeOptions options = Options();
  options.control_socket = false;
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(std::move(options)));
  EXPECT_EQ(node_->Status().socket(), "");
  EXPECT_NE(::access((data_dir() + "/control.sock").c_str(), F_OK), 0);
}

TEST_F(NodeTest, APortInUseIsNamedAndNothingIsLeftBehind) {
  StartTestNode();
  NodeOptions options = Options(node_->address());
  options.data_dir = dir_->path() + "/other";
  EXPECT_THAT(Node::Start(std::move(options)), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(node_->address())));
  EXPECT_NE(::access((dir_->path() + "/other").c_str(), F_OK), 0);
}

TEST_F(NodeTest, ARememberedPortThatIsTakenIsSaidToBe) {
  StartTestNode();
  const std::string address = node_->address();
  node_.reset();
  NodeOptions options = Options(address);
  options.name = "t2";
  options.data_dir = dir_->path() + "/t2";
  ASSERT_OK_AND_ASSIGN(auto other, Node::Start(std::move(options)));
  EXPECT_THAT(Node::Start(Options()),
              StatusIs(absl::StatusCode::kAlreadyExists, AllOf(HasSubstr(address), HasSubstr("had before"))));
  // Its state is untouched.
  other.reset();
  StartTestNode();
  EXPECT_EQ(node_->address(), address);
}

TEST_F(NodeTest, ADataDirectoryInUseNamesTheProcess) {
  StartTestNode();
  EXPECT_THAT(Node::Start(Options()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(absl::StrCat(::getpid()))));
  // And leaves the one that runs alone.
  EXPECT_TRUE(HasDataDir());
  EXPECT_THAT(CallPath(node_->address()), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(NodeTest, ADamagedDatabaseIsDataLoss) {
  StartTestNode();
  node_.reset();
  RemoveAll(data_dir() + "/node.db-wal").IgnoreError();
  RemoveAll(data_dir() + "/node.db-shm").IgnoreError();
  ASSERT_OK(WriteFileAtomically(data_dir() + "/node.db", std::string(8192, 'x'), 0600));
  EXPECT_THAT(Node::Start(Options()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("node.db")));
  EXPECT_TRUE(HasDataDir());
}

TEST_F(NodeTest, ATestNodeNeverListensBeyondLoopback) {
  for (const char* address : {"0.0.0.0:0", "[::]:7000", "192.0.2.1:1"}) {
    EXPECT_THAT(Node::Start(Options(address)),
                StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("Test Node"), HasSubstr("127.0.0.1:"))));
  }
  EXPECT_FALSE(HasDataDir());
}

TEST_F(NodeTest, BadNameAddressAndDirectory) {
  NodeOptions options = Options();
  options.name = "T 1";
  EXPECT_THAT(Node::Start(std::move(options)), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("T 1")));
  EXPECT_THAT(Node::Start(Options("example.com:1")), StatusIs(absl::StatusCode::kInvalidArgument));
  options = Options();
  options.data_dir = "";
  EXPECT_THAT(Node::Start(std::move(options)), StatusIs(absl::StatusCode::kInvalidArgument));
  options = Options();
  options.data_dir = absl::StrCat(dir_->path(), "/", std::string(120, 'd'));
  EXPECT_THAT(Node::Start(std::move(options)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("shorter data directory")));
  EXPECT_FALSE(HasDataDir());
}

TEST_F(NodeTest, AnotherNameOnTheSameDirectory) {
  StartTestNode();
  node_.reset();
  NodeOptions options = Options();
  options.name = "t2";
  EXPECT_THAT(Node::Start(std::move(options)), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("\"t1\"")));
}

TEST_F(NodeTest, StopRequests) {
  StartTestNode();
  std::thread client([&] {
    auto stub =
        v1::Node::NewStub(grpc::CreateChannel("unix:" + node_->Status().socket(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    v1::StopResponse response;
    EXPECT_TRUE(stub->Stop(&context, {}, &response).ok());
  });
  node_->WaitForStopRequest();
  client.join();
  node_->Stop(absl::Now() + kPatience);
  node_->Stop(absl::Now());
  EXPECT_NE(::access((data_dir() + "/control.sock").c_str(), F_OK), 0);
  // The directory is free although the object lives.
  ASSERT_OK_AND_ASSIGN(auto next, Node::Start(Options()));
}

TEST_F(NodeTest, StopEndsCallsThatRun) {
  StartTestNode();
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  int answers = 0;
  std::optional<std::thread> stopper;
  JsonCall call;
  call.skill = "weather/watch";
  bool asked = false;
  call.next_request = [&]() -> std::optional<std::string> {
    return std::exchange(asked, true)
               ? std::nullopt
               : std::optional(std::string(R"({"city":"Oslo","count":1000000,"interval_ms":10})"));
  };
  call.on_response = [&](const std::string&) {
    if (++answers == 1) stopper.emplace([&] { node_->Stop(absl::Now()); });
    return true;
  };
  EXPECT_FALSE(node_->Call(call).ok());
  EXPECT_GE(answers, 1);
  ASSERT_TRUE(stopper.has_value());
  stopper->join();
  EXPECT_THAT(Call("weather/current", "{}"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(NodeTest, StatusAndSignaturePolicyOfAStandardNode) {
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(StandardOptions()));
  ASSERT_NE(fake_federation_, nullptr);
  EXPECT_EQ(node_->federation(), fake_federation_);
  EXPECT_TRUE(fake_federation_->started());
  fake_federation_->AddLink("beta", true, v1::ONE_WAY);
  const v1::GetStatusResponse status = node_->Status();
  EXPECT_EQ(status.kind(), v1::STANDARD);
  EXPECT_EQ(status.network(), "acme");
  EXPECT_EQ(status.certificate().identity(), "paranet://acme/node/t1");
  EXPECT_EQ(status.links(), 1u);
  EXPECT_EQ(status.links_up(), 1u);

  Package package = WeatherExample();
  EXPECT_THAT(node_->Deploy(Archive(package)), StatusIs(absl::StatusCode::kPermissionDenied));
  const pki::NetworkRoot::IssuedKey publisher = network_.Issue(pki::Role::kPublisher, "labs");
  ASSERT_OK(SignPackage(&package, publisher.key, publisher.chain));
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse deployed, node_->Deploy(Archive(package)));
  EXPECT_EQ(deployed.package().publisher(), "paranet://acme/publisher/labs");
  EXPECT_OK(Call("weather/current", R"({"city":"Oslo"})"));
  // Plain text is for the control socket.
  EXPECT_THAT(CallPath(node_->address()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_OK(CallPath("unix:" + node_->Status().socket()));
  node_->Stop(absl::Now());
  EXPECT_TRUE(fake_federation_->stopped());
  EXPECT_EQ(node_->federation(), nullptr);
}

TEST_F(NodeTest, ATestNodeBecomesAStandardNodeAndNeverBack) {
  StartTestNode();
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  node_.reset();
  // A start that fails changes nothing.
  federation_error_ = absl::InternalError("no federation today");
  EXPECT_THAT(Node::Start(StandardOptions()), StatusIs(absl::StatusCode::kInternal));
  StartTestNode();
  node_.reset();
  federation_error_ = absl::OkStatus();
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(StandardOptions()));
  EXPECT_OK(Call("weather/current", R"({"city":"Oslo"})"));
  node_.reset();
  // Its identity is installed.
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(EnrollableOptions()));
  EXPECT_EQ(node_->Status().kind(), v1::STANDARD);
  node_.reset();
  EXPECT_THAT(Node::Start(Options()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("federation")));
  ASSERT_OK(RemoveAll(data_dir() + "/identity"));
  EXPECT_THAT(Node::Start(Options()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot become a Test Node")));
}

TEST_F(NodeTest, ARunningTestNodeIsPromoted) {
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(EnrollableOptions()));
  EXPECT_EQ(ReadInstalledKind(data_dir()), InstalledKind::kTest);
  EXPECT_EQ(node_->trust(), nullptr);
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  const v1::GetStatusResponse before = node_->Status();
  const std::string deployed = node_->ListPackages()[0].SerializeAsString();
  EXPECT_OK(CallPath(node_->address()));

  const auto identity = network_.Node("t1");
  ASSERT_OK(node_->Promote(*identity, "127.0.0.1:1", network_.Bundle()));
  const v1::GetStatusResponse after = node_->Status();
  EXPECT_EQ(after.kind(), v1::STANDARD);
  EXPECT_EQ(after.network(), "acme");
  EXPECT_EQ(after.certificate().serial(), identity->chain().leaf().serial());
  EXPECT_EQ(after.address(), before.address());
  EXPECT_EQ(after.started_at_unix_ms(), before.started_at_unix_ms());
  ASSERT_NE(node_->trust(), nullptr);
  EXPECT_EQ(node_->trust()->state()->endpoint, "127.0.0.1:1");
  EXPECT_EQ(ReadInstalledKind(data_dir()), InstalledKind::kStandard);
  EXPECT_NE(::access((data_dir() + "/test-node").c_str(), F_OK), 0);
  // What ran runs on, and is reached as before and by peers, in plain text no more.
  ASSERT_THAT(node_->ListPackages(), SizeIs(1));
  EXPECT_EQ(node_->ListPackages()[0].SerializeAsString(), deployed);
  EXPECT_OK(Call("weather/current", R"({"city":"Oslo"})"));
  EXPECT_OK(CallPath("unix:" + after.socket()));
  EXPECT_THAT(CallPath(node_->address()), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_NE(fake_federation_, nullptr);
  EXPECT_EQ(node_->federation(), fake_federation_);
  EXPECT_TRUE(fake_federation_->started());
  fake_federation_->AddLink("alpha", /*dialler=*/false, v1::ONE_WAY);
  EXPECT_THAT(CallPathAs("alpha"), IsOkAndHolds(HasSubstr("Oslo")));
  EXPECT_THAT(node_->Deploy(Archive(WeatherExample("1.0.1"))), StatusIs(absl::StatusCode::kPermissionDenied));

  node_.reset();
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(EnrollableOptions()));
  EXPECT_EQ(node_->Status().kind(), v1::STANDARD);
  EXPECT_EQ(node_->address(), before.address());
  EXPECT_OK(Call("weather/current", R"({"city":"Oslo"})"));
}

TEST_F(NodeTest, APromotionThatFailsLeavesTheTestNodeAsItWas) {
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(EnrollableOptions()));
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  const auto still_as_it_was = [&] {
    EXPECT_EQ(node_->Status().kind(), v1::TEST);
    EXPECT_EQ(node_->trust(), nullptr);
    EXPECT_EQ(node_->federation(), nullptr);
    EXPECT_EQ(ReadInstalledKind(data_dir()), InstalledKind::kTest);
    EXPECT_OK(CallPath(node_->address()));
  };
  federation_error_ = absl::InternalError("no federation today");
  EXPECT_THAT(node_->Promote(*network_.Node("t1"), std::nullopt, {}), StatusIs(absl::StatusCode::kInternal));
  still_as_it_was();
  federation_error_ = absl::OkStatus();
  EXPECT_THAT(node_->Promote(*network_.Node("t2"), std::nullopt, {}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("node/t2")));
  still_as_it_was();
  EXPECT_THAT(node_->Promote(*network_.Node("t1", {.not_after = absl::Now() - absl::Minutes(1)}), std::nullopt, {}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
  still_as_it_was();
  v1::TrustBundle unsound = network_.Bundle();
  unsound.add_revocation_lists("no list");
  EXPECT_THAT(node_->Promote(*network_.Node("t1"), std::nullopt, unsound),
              StatusIs(absl::StatusCode::kInvalidArgument));
  still_as_it_was();
  EXPECT_THAT(node_->Renew(absl::Now()), StatusIs(absl::StatusCode::kFailedPrecondition));
  node_->Stop(absl::Now());
  EXPECT_THAT(node_->Promote(*network_.Node("t1"), std::nullopt, {}), StatusIs(absl::StatusCode::kUnavailable));
  // A program without the code for it makes no Standard Nodes.
  node_.reset();
  StartTestNode();
  EXPECT_THAT(node_->Promote(*network_.Node("t1"), std::nullopt, {}), StatusIs(absl::StatusCode::kFailedPrecondition));
  still_as_it_was();
}

TEST_F(NodeTest, AStandardNodeIsEnrolledAgain) {
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(StandardOptions()));
  const auto again = network_.Node("t1");
  ASSERT_OK(node_->Promote(*again, "127.0.0.1:2", network_.Bundle()));
  EXPECT_EQ(node_->Status().certificate().serial(), again->chain().leaf().serial());
  EXPECT_EQ(node_->trust()->state()->endpoint, "127.0.0.1:2");
  // By files: the endpoint stays.
  const auto by_files = network_.Node("t1");
  ASSERT_OK(node_->Promote(*by_files, std::nullopt, {}));
  EXPECT_EQ(node_->trust()->state()->endpoint, "127.0.0.1:2");
  pki::TestNetwork other("other");
  EXPECT_THAT(node_->Promote(*other.Node("t1"), std::nullopt, {}), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(node_->Status().certificate().serial(), by_files->chain().leaf().serial());
}

TEST_F(NodeTest, PublishersCanBeRevoked) {
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(StandardOptions()));
  const pki::NetworkRoot::IssuedKey publisher = network_.Issue(pki::Role::kPublisher, "labs");
  Package package = WeatherExample();
  ASSERT_OK(SignPackage(&package, publisher.key, publisher.chain));
  ASSERT_OK(node_->Deploy(Archive(package)));
  ASSERT_OK(node_->trust()->AdoptRevocationList(network_.Revoke("labs", pki::Role::kPublisher)));
  package = WeatherExample("1.0.1");
  ASSERT_OK(SignPackage(&package, publisher.key, publisher.chain));
  EXPECT_THAT(node_->Deploy(Archive(package)), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("revoked")));
}

TEST_F(NodeTest, StatusWarnsBeforeTheCertificateEnds) {
  auto clock = std::make_shared<FakeClock>(absl::Now());
  NodeOptions options = StandardOptions();
  options.clock = clock;
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(std::move(options)));
  EXPECT_THAT(node_->Status().warnings(), IsEmpty());
  clock->Advance(absl::Hours(23));
  EXPECT_THAT(node_->Status().warnings(), Contains(AllOf(HasSubstr("expires in"), HasSubstr("node enroll"))));
  clock->Advance(absl::Hours(2));
  EXPECT_THAT(node_->Status().warnings(), Contains(HasSubstr("expired at")));
}

TEST_F(NodeTest, AnExpiredNodeDoesNotStartAndSaysHowToComeBack) {
  auto clock = std::make_shared<FakeClock>(absl::Now());
  ASSERT_OK_AND_ASSIGN(node_, Node::Start(StandardOptions()));
  node_.reset();
  clock->Advance(absl::Hours(25));
  NodeOptions options = EnrollableOptions();
  options.clock = clock;
  EXPECT_THAT(Node::Start(std::move(options)),
              StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("EXPIRED"), HasSubstr("node enroll"))));
  // A new identity brings it back.
  options = StandardOptions();
  options.clock = clock;
  options.identity = network_.Node("t1", {.not_after = clock->Now() + absl::Hours(1)});
  EXPECT_OK(Node::Start(std::move(options)));
}

TEST_F(NodeTest, TheNameMustBeTheCertificates) {
  NodeOptions options = StandardOptions();
  options.identity = network_.Node("beta");
  EXPECT_THAT(Node::Start(std::move(options)),
              StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("node/beta"), HasSubstr("\"t1\""))));
  options = StandardOptions();
  options.make_federation = nullptr;
  EXPECT_THAT(Node::Start(std::move(options)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(HasDataDir());
}

TEST_F(NodeTest, ANewVersionReplacesTheOld) {
  StartTestNode();
  ASSERT_OK(node_->Deploy(Archive(WeatherExample())));
  ASSERT_OK(node_->Deploy(Archive(WeatherExample("1.0.1"))));
  ASSERT_THAT(node_->ListPackages(), SizeIs(1));
  EXPECT_EQ(node_->ListPackages()[0].version(), "1.0.1");
  EXPECT_OK(Call("weather/current", R"({"city":"Oslo"})"));
  EXPECT_THAT(node_->Deploy(Archive(WeatherExample())), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(node_->Deploy("no package"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet
