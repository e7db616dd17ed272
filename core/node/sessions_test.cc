#include "core/node/sessions.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/rpc/server.h"
#include "core/rpc/tcp_listener.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"
#include "pki/grpc_credentials.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
// What is promised for connections that are to be closed.
constexpr absl::Duration kPromised = absl::Seconds(5);

// One client with one connection.
class Client {
 public:
  Client(int port, std::shared_ptr<pki::NodeTrust> trust, const pki::Identity& server, const Clock* clock) {
    auto credentials = pki::MakeChannelCredentials(std::move(trust), server, clock, nullptr);
    EXPECT_OK(credentials);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ = grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port), *credentials, arguments);
  }

  absl::Status Call() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    const grpc::internal::RpcMethod method("/test.Test/Go", grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ByteBuffer response;
    const grpc::Status status = grpc::internal::BlockingUnaryCall(channel_.get(), method, &context,
                                                                  MakePayload(absl::string_view()), &response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  // Connects without a call.
  bool Open() { return channel_->WaitForConnected(absl::ToChronoTime(absl::Now() + kPatience)); }
  // Whether the connection has gone within the time that is promised, without a call to notice it.
  bool IsClosed() {
    return channel_->WaitForStateChange(GRPC_CHANNEL_READY, absl::ToChronoTime(absl::Now() + kPromised));
  }
  bool IsOpen() { return channel_->GetState(false) == GRPC_CHANNEL_READY; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

class SessionsTest : public testing::Test {
 protected:
  void SetUp() override {
    trust_ = network_.Trust("server", {}, &clock_);
    ASSERT_OK_AND_ASSIGN(listener_, TcpListener::Start({.address = "127.0.0.1:0"}));
    sessions_ = std::make_unique<Sessions>(
        Sessions::Options{.trust = trust_, .listener = listener_.get(), .logger = MakeNullLogger()});
    auto credentials = pki::MakeServerCredentials(trust_, &clock_, MakeNullLogger());
    ASSERT_OK(credentials);
    ASSERT_OK_AND_ASSIGN(server_, RpcServer::Start({.credentials = *credentials},
                                                   [this](std::shared_ptr<IncomingCall> call) { Serve(*call); }));
    listener_->Serve({.accept = [this](int fd) { server_->AddConnection(fd); },
                      .ended =
                          [this](uint64_t connection) {
                            sessions_->Ended(connection);
                            absl::MutexLock lock(&mu_);
                            ++ended_;
                          }});
  }
  void TearDown() override {
    listener_.reset();
    server_.reset();
    sessions_.reset();
  }

  void Serve(IncomingCall& call) {
    const auto peer = sessions_->Authenticate(*call.auth_context(), call.peer());
    if (!peer.ok()) return call.Finish(peer.status(), {});
    call.WriteAndFinish(MakePayload(absl::string_view()), {});
  }
  Client Connect(const std::string& name, const pki::TestNetwork::Options& options = {}) {
    return Client(listener_->port(), network_.Trust(name, options), trust_->self(), &system_clock_);
  }
  void AwaitEnds(int count) {
    absl::MutexLock lock(&mu_);
    const auto come = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return ended_ >= count; };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&come), kPatience));
  }

  pki::TestNetwork network_;
  const SystemClock system_clock_;
  FakeClock clock_{absl::Now()};
  std::shared_ptr<pki::NodeTrust> trust_;
  std::unique_ptr<TcpListener> listener_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<RpcServer> server_;
  absl::Mutex mu_;
  int ended_ ABSL_GUARDED_BY(mu_) = 0;
};

TEST_F(SessionsTest, AConnectionIsKnownFromItsFirstCallToItsEnd) {
  {
    Client alpha = Connect("alpha");
    ASSERT_OK(alpha.Call());
    ASSERT_OK(alpha.Call());
    EXPECT_EQ(sessions_->size(), 1u);
    Client beta = Connect("beta");
    ASSERT_OK(beta.Call());
    EXPECT_EQ(sessions_->size(), 2u);
  }
  AwaitEnds(2);
  EXPECT_EQ(sessions_->size(), 0u);
}

TEST_F(SessionsTest, ConnectionsOfExactlyTheRevokedAreClosed) {
  Client alpha = Connect("alpha");
  Client beta = Connect("beta");
  Client beta_again = Connect("beta");
  Client gamma = Connect("gamma");
  for (Client* client : {&alpha, &beta, &beta_again, &gamma}) ASSERT_OK(client->Call());
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("beta")));
  EXPECT_TRUE(beta.IsClosed());
  EXPECT_TRUE(beta_again.IsClosed());
  AwaitEnds(2);
  EXPECT_TRUE(alpha.IsOpen());
  EXPECT_TRUE(gamma.IsOpen());
  EXPECT_OK(alpha.Call());
  EXPECT_OK(gamma.Call());
  EXPECT_EQ(sessions_->size(), 2u);
  // And it does not come back.
  EXPECT_THAT(beta.Call(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SessionsTest, WhoHasMadeNoCallBeforeIsToldWhyAndCutOff) {
  Client beta = Connect("beta");
  ASSERT_TRUE(beta.Open());
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("beta")));
  EXPECT_THAT(beta.Call(), StatusIs(absl::StatusCode::kPermissionDenied, testing::HasSubstr("REVOKED")));
  EXPECT_TRUE(beta.IsClosed());
  AwaitEnds(1);
}

TEST_F(SessionsTest, ConnectionsEndWithTheCertificate) {
  Client brief = Connect("brief", {.not_after = clock_.Now() + absl::Hours(1)});
  Client lasting = Connect("lasting");
  ASSERT_OK(brief.Call());
  ASSERT_OK(lasting.Call());
  clock_.Advance(absl::Hours(2));
  EXPECT_TRUE(brief.IsClosed());
  EXPECT_TRUE(lasting.IsOpen());
  EXPECT_OK(lasting.Call());
}

TEST_F(SessionsTest, ConnectionsEndWithTheRootTheyAreBelow) {
  pki::TestNetwork other("other");
  ASSERT_OK(trust_->AddRoot(other.root().root_certificate(), {}));
  const auto gamma_trust = other.Trust("gamma");
  ASSERT_OK(gamma_trust->AddRoot(network_.root().root_certificate(), {}));
  Client gamma(listener_->port(), gamma_trust, trust_->self(), &system_clock_);
  Client alpha = Connect("alpha");
  ASSERT_OK(gamma.Call());
  ASSERT_OK(alpha.Call());
  ASSERT_OK(trust_->RemoveRoot(other.root().root_certificate().fingerprint()));
  EXPECT_TRUE(gamma.IsClosed());
  EXPECT_OK(alpha.Call());
}

TEST_F(SessionsTest, ARenewalOfTheServerClosesNobody) {
  Client alpha = Connect("alpha");
  ASSERT_OK(alpha.Call());
  const auto renewed = network_.Issue(pki::Role::kNode, "server");
  ASSERT_OK(trust_->ReplaceCertificate(renewed.key, renewed.chain));
  EXPECT_OK(alpha.Call());
  EXPECT_TRUE(alpha.IsOpen());
  EXPECT_EQ(sessions_->size(), 1u);
}

}  // namespace
}  // namespace paranet
