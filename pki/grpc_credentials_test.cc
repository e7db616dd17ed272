#include "pki/grpc_credentials.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/status_testutil.h"
#include "grpcpp/channel.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "openssl/ssl.h"
#include "pki/private_key.h"
#include "pki/secret_access.h"
#include "pki/testutil/test_network.h"
#include "pki/testutil/who_am_i.h"
#include "spdlog/logger.h"
#include "spdlog/sinks/base_sink.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Keeps the lines that were logged.
class MemorySink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> lines() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    lines_.emplace_back(message.payload.data(), message.payload.size());
  }
  void flush_() override {}

  std::vector<std::string> lines_;
};

// Keeps the reasons of refused handshakes.
class Refusals {
 public:
  std::function<void(const absl::Status&)> Callback() {
    return [this](const absl::Status& status) {
      absl::MutexLock lock(&mu_);
      messages_.emplace_back(status.message());
      EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    };
  }
  std::vector<std::string> messages() {
    absl::MutexLock lock(&mu_);
    return messages_;
  }

 private:
  absl::Mutex mu_;
  std::vector<std::string> messages_ ABSL_GUARDED_BY(mu_);
};

class GrpcCredentialsTest : public testing::Test {
 protected:
  GrpcCredentialsTest()
      : logger_(std::make_shared<spdlog::logger>("test", sink_)),
        alpha_(network_.Node("alpha")),
        beta_(network_.Node("beta")) {}

  std::shared_ptr<grpc::ServerCredentials> ServerOf(const NodeIdentity& identity) {
    return *MakeServerCredentials(identity, &clock_, logger_);
  }
  std::shared_ptr<grpc::ChannelCredentials> ClientOf(const NodeIdentity& identity, const Identity& expected) {
    return *MakeChannelCredentials(identity, expected, &clock_, refusals_.Callback());
  }
  std::shared_ptr<grpc::ChannelCredentials> ClientOf(const NodeIdentity& identity) {
    return ClientOf(identity, network_.IdentityOf("beta"));
  }

  // That a good client is served; what was refused before it has left no trace.
  void ExpectServes(int port) { EXPECT_THAT(Ask(port, ClientOf(*alpha_)), IsOkAndHolds("paranet://acme/node/alpha")); }

  void ExpectServerRefuses(const NodeIdentity& client, const std::string& outcome, const Clock* server_clock) {
    const WhoAmIServer server(*MakeServerCredentials(*beta_, server_clock, logger_));
    EXPECT_THAT(Ask(server.port(), ClientOf(client)), StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(sink_->lines(), testing::Contains(HasSubstr(outcome)));
    EXPECT_THAT(refusals_.messages(), IsEmpty());
    if (server_clock == &clock_) ExpectServes(server.port());
  }

  void ExpectClientRefuses(const NodeIdentity& server_identity, const std::string& outcome, const Clock* client_clock) {
    const WhoAmIServer server(ServerOf(server_identity));
    EXPECT_THAT(Ask(server.port(),
                    *MakeChannelCredentials(*alpha_, network_.IdentityOf("beta"), client_clock, refusals_.Callback())),
                StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(refusals_.messages(), testing::Contains(HasSubstr(outcome)));
  }

  SystemClock clock_;
  TestNetwork network_;
  std::shared_ptr<MemorySink> sink_ = std::make_shared<MemorySink>();
  Logger logger_;
  Refusals refusals_;
  std::unique_ptr<NodeIdentity> alpha_;
  std::unique_ptr<NodeIdentity> beta_;
};

TEST_F(GrpcCredentialsTest, EachSideKnowsTheOther) {
  const WhoAmIServer server(ServerOf(*beta_));
  absl::StatusOr<Identity> peer = absl::UnknownError("not asked");
  EXPECT_THAT(Ask(server.port(), ClientOf(*alpha_), &peer), IsOkAndHolds("paranet://acme/node/alpha"));
  EXPECT_THAT(peer, IsOkAndHolds(network_.IdentityOf("beta")));
  EXPECT_THAT(sink_->lines(), IsEmpty());
  EXPECT_THAT(refusals_.messages(), IsEmpty());
}

TEST_F(GrpcCredentialsTest, CredentialsOutliveTheIdentityTheyWereMadeFrom) {
  auto credentials = ServerOf(*beta_);
  auto client = ClientOf(*alpha_);
  alpha_.reset();
  beta_.reset();
  const WhoAmIServer server(credentials);
  credentials.reset();
  EXPECT_THAT(Ask(server.port(), client), IsOkAndHolds("paranet://acme/node/alpha"));
}

TEST_F(GrpcCredentialsTest, OperatorsMayConnect) {
  const WhoAmIServer server(ServerOf(*beta_));
  EXPECT_THAT(Ask(server.port(), ClientOf(*network_.Node("eve", {.role = Role::kOperator}))),
              IsOkAndHolds("paranet://acme/operator/eve"));
}

TEST_F(GrpcCredentialsTest, ServerRefusesPublishers) {
  ExpectServerRefuses(*network_.Node("pub", {.role = Role::kPublisher}),
                      "connection refused: certificate of paranet://acme/publisher/pub refused (WRONG_ROLE)", &clock_);
}

TEST_F(GrpcCredentialsTest, ServerRefusesForeignNetworks) {
  TestNetwork other("other");
  const auto stranger = other.Node("alpha");
  const WhoAmIServer server(ServerOf(*beta_));
  EXPECT_THAT(Ask(server.port(), *MakeChannelCredentials(*stranger, network_.IdentityOf("beta"), &clock_, nullptr)),
              StatusIs(absl::StatusCode::kUnavailable));
  ExpectServes(server.port());
}

TEST_F(GrpcCredentialsTest, ServerRefusesForeignClientsThatTrustIt) {
  // A root of the same name, and a client that would accept anybody: only the server is left to refuse it.
  TestNetwork impostor("acme");
  const NetworkRoot::IssuedKey issued = impostor.Issue(Role::kNode, "alpha");
  const SecretAccess access("test");
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      network_.trust()->ToPem(), std::vector<grpc::experimental::IdentityKeyCertPair>{
                                     {std::string(issued.key.ToPem(access).view()), issued.chain.ToPem()}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  const WhoAmIServer server(ServerOf(*beta_));
  EXPECT_THAT(Ask(server.port(), grpc::experimental::TlsCredentials(options)),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(sink_->lines(), testing::Contains(HasSubstr("UNTRUSTED_ROOT")));
  ExpectServes(server.port());
}

TEST_F(GrpcCredentialsTest, ServerRefusesExpired) {
  ExpectServerRefuses(*network_.Node("old", {.not_after = absl::Now() - absl::Minutes(1)}), "EXPIRED", &clock_);
}

TEST_F(GrpcCredentialsTest, ServerRefusesNotYetValid) {
  ExpectServerRefuses(*network_.Node("early", {.not_before = absl::Now() + absl::Minutes(10)}), "NOT_YET_VALID",
                      &clock_);
}

TEST_F(GrpcCredentialsTest, TheClockThatWasHandedInDecides) {
  const FakeClock late(absl::Now() + absl::Hours(25));
  ExpectServerRefuses(*alpha_, "EXPIRED", &late);
  const FakeClock early(absl::Now() - absl::Minutes(30));
  ExpectClientRefuses(*beta_, "NOT_YET_VALID", &early);
}

TEST_F(GrpcCredentialsTest, EachHandshakeAsksTheClockAgain) {
  FakeClock clock(absl::Now());
  const WhoAmIServer server(*MakeServerCredentials(*beta_, &clock, logger_));
  const auto client = ClientOf(*alpha_);
  EXPECT_OK(Ask(server.port(), client));
  clock.Advance(absl::Hours(25));
  EXPECT_THAT(Ask(server.port(), client), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(GrpcCredentialsTest, ClientRefusesWrongNames) {
  ExpectClientRefuses(*network_.Node("gamma"), "certificate of paranet://acme/node/gamma refused (WRONG_NAME)",
                      &clock_);
}

TEST_F(GrpcCredentialsTest, ClientRefusesPublishersAndOperatorsAsServers) {
  ExpectClientRefuses(*network_.Node("beta", {.role = Role::kPublisher}), "WRONG_ROLE", &clock_);
  ExpectClientRefuses(*network_.Node("beta", {.role = Role::kOperator}), "WRONG_ROLE", &clock_);
}

TEST_F(GrpcCredentialsTest, ClientRefusesExpiredAndNotYetValid) {
  ExpectClientRefuses(*network_.Node("beta", {.not_after = absl::Now() - absl::Minutes(1)}), "EXPIRED", &clock_);
  ExpectClientRefuses(*network_.Node("beta", {.not_before = absl::Now() + absl::Minutes(10)}), "NOT_YET_VALID",
                      &clock_);
}

TEST_F(GrpcCredentialsTest, ClientRefusesForeignNetworks) {
  TestNetwork other("other");
  ExpectClientRefuses(*other.Node("beta"), "certificate of paranet://other/node/beta refused (UNTRUSTED_ROOT)",
                      &clock_);
}

TEST_F(GrpcCredentialsTest, NoOneHasToListenToRefusals) {
  const WhoAmIServer server(ServerOf(*network_.Node("gamma")));
  EXPECT_THAT(Ask(server.port(), *MakeChannelCredentials(*alpha_, network_.IdentityOf("beta"), &clock_, nullptr)),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(GrpcCredentialsTest, ServerRefusesPlainText) {
  const WhoAmIServer server(ServerOf(*beta_));
  EXPECT_THAT(Ask(server.port(), grpc::InsecureChannelCredentials()), StatusIs(absl::StatusCode::kUnavailable));
  ExpectServes(server.port());
}

TEST_F(GrpcCredentialsTest, PeerOfAPlainTextConnectionIsUnknown) {
  const WhoAmIServer server(grpc::InsecureServerCredentials());
  EXPECT_THAT(Ask(server.port(), grpc::InsecureChannelCredentials()),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("mutual TLS")));
}

TEST_F(GrpcCredentialsTest, ClientRefusesPlainTextServers) {
  const WhoAmIServer server(grpc::InsecureServerCredentials());
  EXPECT_THAT(Ask(server.port(), ClientOf(*alpha_)), StatusIs(absl::StatusCode::kUnavailable));
}

class FollowingCredentialsTest : public GrpcCredentialsTest {
 protected:
  FollowingCredentialsTest() : server_trust_(network_.Trust("beta")), client_trust_(network_.Trust("alpha")) {}

  std::shared_ptr<grpc::ServerCredentials> Server() { return *MakeServerCredentials(server_trust_, &clock_, logger_); }
  std::shared_ptr<grpc::ChannelCredentials> Client() {
    return *MakeChannelCredentials(client_trust_, network_.IdentityOf("beta"), &clock_, refusals_.Callback());
  }
  void Renew(NodeTrust& trust) {
    const NetworkRoot::IssuedKey renewed = network_.Issue(Role::kNode, trust.self().name);
    ASSERT_OK(trust.ReplaceCertificate(renewed.key, renewed.chain));
  }

  std::shared_ptr<NodeTrust> server_trust_;
  std::shared_ptr<NodeTrust> client_trust_;
};

TEST_F(FollowingCredentialsTest, ARenewalIsInForceForNewConnectionsAndLeavesOldOnes) {
  const WhoAmIServer server(Server());
  const auto client = Client();
  const auto before = Connect(server.port(), client);
  std::string shown;
  ASSERT_OK(Ask(before, nullptr, &shown));
  EXPECT_EQ(shown, server_trust_->state()->identity->chain().leaf().ToPem());
  const std::string old = shown;
  Renew(*server_trust_);
  Renew(*client_trust_);
  ASSERT_OK(Ask(before, nullptr, &shown));
  EXPECT_EQ(shown, old);
  // The same credentials.
  ASSERT_OK(Ask(Connect(server.port(), client), nullptr, &shown));
  EXPECT_EQ(shown, server_trust_->state()->identity->chain().leaf().ToPem());
  EXPECT_NE(shown, old);
  EXPECT_THAT(sink_->lines(), IsEmpty());
  EXPECT_THAT(refusals_.messages(), IsEmpty());
}

TEST_F(FollowingCredentialsTest, RenewalsUnderFireFailNobody) {
  const WhoAmIServer server(Server());
  const auto client = Client();
  std::atomic<bool> stop = false;
  std::thread renewing([&] {
    while (!stop) {
      Renew(*server_trust_);
      Renew(*client_trust_);
    }
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(Ask(server.port(), client), IsOkAndHolds("paranet://acme/node/alpha"));
  }
  stop = true;
  renewing.join();
}

TEST_F(FollowingCredentialsTest, ServerRefusesTheRevokedFromTheMomentItKnows) {
  const WhoAmIServer server(Server());
  const auto client = Client();
  ASSERT_OK(Ask(server.port(), client));
  ASSERT_OK(server_trust_->AdoptRevocationList(network_.Revoke("alpha")));
  EXPECT_THAT(Ask(server.port(), client), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(sink_->lines(),
              testing::Contains(HasSubstr("certificate of paranet://acme/node/alpha refused (REVOKED)")));
  // With a new certificate it is back.
  Renew(*client_trust_);
  EXPECT_THAT(Ask(server.port(), client), IsOkAndHolds("paranet://acme/node/alpha"));
}

TEST_F(FollowingCredentialsTest, ClientRefusesTheRevoked) {
  const WhoAmIServer server(Server());
  ASSERT_OK(client_trust_->AdoptRevocationList(network_.Revoke("beta")));
  EXPECT_THAT(Ask(server.port(), Client()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refusals_.messages(), testing::Contains(HasSubstr("(REVOKED)")));
}

TEST_F(FollowingCredentialsTest, FurtherRootsComeAndGo) {
  TestNetwork other("other");
  const auto stranger = other.Trust("gamma");
  ASSERT_OK(stranger->AddRoot(network_.root().root_certificate(), {}));
  const auto client = *MakeChannelCredentials(stranger, network_.IdentityOf("beta"), &clock_, nullptr);
  const WhoAmIServer server(Server());
  EXPECT_THAT(Ask(server.port(), client), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(server_trust_->AddRoot(other.root().root_certificate(), {}));
  EXPECT_THAT(Ask(server.port(), client), IsOkAndHolds("paranet://other/node/gamma"));
  ASSERT_OK(server_trust_->RemoveRoot(other.root().root_certificate().fingerprint()));
  EXPECT_THAT(Ask(server.port(), client), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(FollowingCredentialsTest, CredentialsHoldTheTrustTheyFollow) {
  auto credentials = Server();
  auto client = Client();
  server_trust_.reset();
  client_trust_.reset();
  const WhoAmIServer server(credentials);
  credentials.reset();
  EXPECT_OK(Ask(server.port(), client));
}

// A connection made with BoringSSL alone.
class RawClient {
 public:
  RawClient() : context_(SSL_CTX_new(TLS_method())) {
    const uint8_t alpn[] = {2, 'h', '2'};
    EXPECT_EQ(SSL_CTX_set_alpn_protos(context_.get(), alpn, sizeof(alpn)), 0);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL*, SSL_SESSION*) {
      ADD_FAILURE() << "the server offers to resume sessions";
      return 0;
    });
  }
  ~RawClient() {
    if (fd_ >= 0) close(fd_);
  }

  void SetVersions(uint16_t lowest, uint16_t highest) {
    EXPECT_EQ(SSL_CTX_set_min_proto_version(context_.get(), lowest), 1);
    EXPECT_EQ(SSL_CTX_set_max_proto_version(context_.get(), highest), 1);
  }

  void SetIdentity(const NodeIdentity& identity) {
    const SecretAccess access("test");
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), identity.key().Native(access)), 1);
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), identity.chain()[0].native()), 1);
    EXPECT_EQ(SSL_CTX_add1_chain_cert(context_.get(), identity.chain()[1].native()), 1);
  }

  void Dial(int port) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // So that a server that says nothing fails the test instead of hanging it.
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    EXPECT_EQ(setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }

  // Whether TLS was agreed on and the server then sent something: a server that refuses a client's certificate in
  // TLS 1.3 does so after the client's side of the handshake is done.
  bool Handshake() {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_);
    char first = 0;
    return SSL_connect(ssl_.get()) == 1 && SSL_read(ssl_.get(), &first, 1) == 1;
  }

  void SendGarbage() { EXPECT_EQ(send(fd_, "\x16\x03\x01", 3, MSG_NOSIGNAL), 3); }
  uint16_t version() const { return static_cast<uint16_t>(SSL_version(ssl_.get())); }

 private:
  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL> ssl_;
  int fd_ = -1;
};

TEST_F(GrpcCredentialsTest, Tls13IsServedWithoutResumption) {
  const WhoAmIServer server(ServerOf(*beta_));
  RawClient client;
  client.SetVersions(TLS1_2_VERSION, TLS1_3_VERSION);
  client.SetIdentity(*alpha_);
  client.Dial(server.port());
  EXPECT_TRUE(client.Handshake());
  EXPECT_EQ(client.version(), TLS1_3_VERSION);
}

TEST_F(GrpcCredentialsTest, Tls12IsRefused) {
  const WhoAmIServer server(ServerOf(*beta_));
  RawClient client;
  client.SetVersions(TLS1_2_VERSION, TLS1_2_VERSION);
  client.SetIdentity(*alpha_);
  client.Dial(server.port());
  EXPECT_FALSE(client.Handshake());
  ExpectServes(server.port());
}

TEST_F(GrpcCredentialsTest, NoClientCertificateIsRefused) {
  const WhoAmIServer server(ServerOf(*beta_));
  RawClient client;
  client.SetVersions(TLS1_3_VERSION, TLS1_3_VERSION);
  client.Dial(server.port());
  EXPECT_FALSE(client.Handshake());
  ExpectServes(server.port());
}

TEST_F(GrpcCredentialsTest, ShutdownDuringAHandshakeIsHarmless) {
  RawClient silent;
  RawClient stuck;
  {
    const WhoAmIServer server(ServerOf(*beta_));
    silent.Dial(server.port());
    stuck.Dial(server.port());
    stuck.SendGarbage();
    ExpectServes(server.port());
  }
  const WhoAmIServer again(ServerOf(*beta_));
  ExpectServes(again.port());
}

TEST_F(GrpcCredentialsTest, ChannelMayGoDuringAHandshake) {
  // A server that accepts and says nothing.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  {
    const auto channel = Connect(ntohs(address.sin_port), ClientOf(*alpha_));
    channel->GetState(/*try_to_connect=*/true);
    const int accepted = accept(listener, nullptr, nullptr);
    EXPECT_GE(accepted, 0);
    close(accepted);
  }
  close(listener);
  EXPECT_THAT(refusals_.messages(), IsEmpty());
}

}  // namespace
}  // namespace paranet::pki
