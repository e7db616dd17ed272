#include "core/rpc/tcp_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/rpc/server.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);

// Keeps the descriptors that it is given, and what it hears of their ends.
class Keeper {
 public:
  ~Keeper() {
    for (const int fd : fds_) ::close(fd);
  }

  TcpListener::Server server() {
    return {.accept =
                [this](int fd) {
                  absl::MutexLock lock(&mu_);
                  fds_.push_back(fd);
                },
            .ended =
                [this](uint64_t id) {
                  absl::MutexLock lock(&mu_);
                  ended_.insert(id);
                }};
  }
  // The last descriptor of `count`; -1 if they do not come.
  int Await(size_t count) {
    absl::MutexLock lock(&mu_);
    const auto come = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return fds_.size() >= count; };
    return mu_.AwaitWithTimeout(absl::Condition(&come), kPatience) ? fds_.back() : -1;
  }
  bool AwaitEnd(uint64_t id) {
    absl::MutexLock lock(&mu_);
    const auto over = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return ended_.count(id) != 0; };
    return mu_.AwaitWithTimeout(absl::Condition(&over), kPatience);
  }
  bool HasEnded(uint64_t id) {
    absl::MutexLock lock(&mu_);
    return ended_.count(id) != 0;
  }
  // Closes the last one.
  void CloseLast() {
    absl::MutexLock lock(&mu_);
    ::shutdown(fds_.back(), SHUT_RDWR);
    ::close(fds_.back());
    fds_.pop_back();
  }
  size_t size() {
    absl::MutexLock lock(&mu_);
    return fds_.size();
  }

 private:
  absl::Mutex mu_;
  std::vector<int> fds_ ABSL_GUARDED_BY(mu_);
  std::set<uint64_t> ended_ ABSL_GUARDED_BY(mu_);
};

class Client {
 public:
  explicit Client(int port, const char* from = "127.0.0.1") {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, from, &own.sin_addr), 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof(own)), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Client() { Close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  // As gRPC calls this end.
  std::string peer() const {
    sockaddr_in own{};
    socklen_t size = sizeof(own);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size), 0);
    char text[INET_ADDRSTRLEN];
    EXPECT_NE(::inet_ntop(AF_INET, &own.sin_addr, text, sizeof(text)), nullptr);
    return absl::StrCat("ipv4:", text, ":", ntohs(own.sin_port));
  }
  // Whether the other end ends the connection without a word.
  bool SeesTheEnd() const {
    char byte = 0;
    const ssize_t got = ::recv(fd_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

 private:
  int fd_ = -1;
};

std::unique_ptr<TcpListener> Listen(TcpListener::Options options = {.address = "127.0.0.1:0"}) {
  auto listener = TcpListener::Start(std::move(options));
  EXPECT_OK(listener);
  return *std::move(listener);
}

TEST(TcpListener, HandsOverConnectionsReadyForUse) {
  Keeper keeper;
  const auto listener = Listen();
  listener->Serve(keeper.server());
  const Client client(listener->port());
  const int fd = keeper.Await(1);
  ASSERT_GE(fd, 0);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
  EXPECT_TRUE(listener->Find(client.peer()).has_value());
  EXPECT_EQ(listener->connections(), 1u);
}

TEST(TcpListener, ConnectionsWaitForAServer) {
  Keeper first;
  Keeper second;
  const auto listener = Listen();
  const Client waiting(listener->port());
  const uint64_t serving = listener->Serve(first.server());
  EXPECT_GE(first.Await(1), 0);
  listener->Cease(serving);
  const Client again(listener->port());
  const uint64_t next = listener->Serve(second.server());
  EXPECT_GE(second.Await(1), 0);
  // Whoever was relieved cannot stop the next one.
  listener->Cease(serving);
  const Client third(listener->port());
  EXPECT_GE(second.Await(2), 0);
  listener->Cease(next);
  EXPECT_EQ(first.size(), 1u);
}

TEST(TcpListener, RefusesWhatIsBeyondTheLimitOfItsAddressAlone) {
  Keeper keeper;
  const auto listener = Listen({.address = "127.0.0.1:0", .max_per_address = 2});
  listener->Serve(keeper.server());
  const Client one(listener->port());
  Client two(listener->port());
  ASSERT_GE(keeper.Await(2), 0);
  const uint64_t second = *listener->Find(two.peer());
  const Client three(listener->port());
  EXPECT_TRUE(three.SeesTheEnd());
  EXPECT_EQ(listener->refused(), 1u);
  const Client elsewhere(listener->port(), "127.0.0.2");
  EXPECT_GE(keeper.Await(3), 0);
  // One that ends makes room.
  two.Close();
  ASSERT_TRUE(keeper.AwaitEnd(second));
  const Client four(listener->port());
  EXPECT_GE(keeper.Await(4), 0);
  EXPECT_EQ(listener->refused(), 1u);
}

TEST(TcpListener, ClosesOneConnectionAndNoOther) {
  Keeper keeper;
  const auto listener = Listen();
  listener->Serve(keeper.server());
  const Client one(listener->port());
  ASSERT_GE(keeper.Await(1), 0);
  const Client two(listener->port());
  ASSERT_GE(keeper.Await(2), 0);
  const uint64_t id = *listener->Find(one.peer());
  listener->Close(id);
  EXPECT_TRUE(one.SeesTheEnd());
  EXPECT_TRUE(keeper.AwaitEnd(id));
  EXPECT_FALSE(listener->Find(one.peer()).has_value());
  EXPECT_EQ(listener->connections(), 1u);
  EXPECT_FALSE(keeper.HasEnded(*listener->Find(two.peer())));
  listener->Close(id);
  listener->Close(12345);
}

TEST(TcpListener, NoticesWhoeverEnds) {
  Keeper keeper;
  const auto listener = Listen();
  listener->Serve(keeper.server());
  const Client client(listener->port());
  ASSERT_GE(keeper.Await(1), 0);
  const uint64_t id = *listener->Find(client.peer());
  keeper.CloseLast();
  EXPECT_TRUE(keeper.AwaitEnd(id));
  EXPECT_EQ(listener->connections(), 0u);
  EXPECT_TRUE(client.SeesTheEnd());
}

TEST(TcpListener, BadAddresses) {
  for (const char* address : {"", "127.0.0.1", "localhost:1", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:1",
                              "[127.0.0.1]:1", "[::1:1", "example.com:1"}) {
    EXPECT_THAT(TcpListener::Start({.address = address}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")))
        << address;
  }
  const auto listener = Listen();
  const std::string taken = absl::StrCat("127.0.0.1:", listener->port());
  EXPECT_THAT(TcpListener::Start({.address = taken}), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(taken)));
  EXPECT_THAT(TcpListener::Start({.address = "192.0.2.1:0"}), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST(TcpListener, AStoppedOneIsSilent) {
  Keeper keeper;
  const auto listener = Listen();
  const uint64_t serving = listener->Serve(keeper.server());
  const Client client(listener->port());
  ASSERT_GE(keeper.Await(1), 0);
  const uint64_t id = *listener->Find(client.peer());
  listener->Stop();
  listener->Stop();
  EXPECT_OK(TcpListener::Start({.address = absl::StrCat("127.0.0.1:", listener->port())}));
  EXPECT_FALSE(listener->Find(client.peer()).has_value());
  EXPECT_EQ(listener->connections(), 0u);
  listener->Close(id);
  listener->Cease(serving);
  keeper.CloseLast();
  EXPECT_FALSE(keeper.HasEnded(id));
}

TEST(TcpListener, AnAddressIsFreeAgainAtOnce) {
  Keeper keeper;
  auto listener = Listen();
  listener->Serve(keeper.server());
  const int port = listener->port();
  const Client client(port);
  ASSERT_GE(keeper.Await(1), 0);
  // Closed by this side first, it lingers here.
  keeper.CloseLast();
  listener.reset();
  EXPECT_OK(TcpListener::Start({.address = absl::StrCat("127.0.0.1:", port)}));
}

absl::Status Call(const std::string& target) {
  const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  const grpc::internal::RpcMethod method("/test.Test/Peer", grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ByteBuffer response;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall(channel.get(), method, &context, MakePayload(absl::string_view()), &response);
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// gRPC's name of the peer finds the connection, and a connection that gRPC has closed is gone.
void ExpectServesGrpc(const std::string& address, const std::string& host) {
  const auto listener = Listen({.address = address});
  std::optional<uint64_t> found;
  auto server = RpcServer::Start({}, [&](std::shared_ptr<IncomingCall> call) {
    found = listener->Find(call->peer());
    call->Finish(absl::AbortedError("asked"), {});
  });
  ASSERT_OK(server);
  Keeper ends;
  listener->Serve({.accept = [&](int fd) { (*server)->AddConnection(fd); }, .ended = ends.server().ended});
  EXPECT_THAT(Call(absl::StrCat(host, ":", listener->port())), StatusIs(absl::StatusCode::kAborted, "asked"));
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(ends.AwaitEnd(*found));
}

TEST(TcpListener, ServesGrpcOverIpv4) { ExpectServesGrpc("127.0.0.1:0", "127.0.0.1"); }
TEST(TcpListener, ServesGrpcOverIpv6) { ExpectServesGrpc("[::1]:0", "[::1]"); }
TEST(TcpListener, ServesGrpcOnAllAddresses) { ExpectServesGrpc("[::]:0", "127.0.0.1"); }

TEST(TcpListener, AServersOwnEndOfAConnectionIsNoticed) {
  const auto listener = Listen();
  auto server = RpcServer::Start({}, [](std::shared_ptr<IncomingCall> call) { call->Finish(absl::OkStatus(), {}); });
  ASSERT_OK(server);
  Keeper ends;
  absl::Mutex mu;
  bool accepted = false;
  listener->Serve({.accept =
                       [&](int fd) {
                         (*server)->AddConnection(fd);
                         absl::MutexLock lock(&mu);
                         accepted = true;
                       },
                   .ended = ends.server().ended});
  const Client silent(listener->port());
  {
    absl::MutexLock lock(&mu);
    ASSERT_TRUE(mu.AwaitWithTimeout(absl::Condition(&accepted), kPatience));
  }
  const uint64_t id = *listener->Find(silent.peer());
  (*server)->Shutdown(absl::Now());
  EXPECT_TRUE(ends.AwaitEnd(id));
  EXPECT_EQ(listener->connections(), 0u);
}

}  // namespace
}  // namespace paranet
