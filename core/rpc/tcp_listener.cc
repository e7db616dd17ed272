#include "core/rpc/tcp_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status.h"
#include "src/core/lib/address_utils/sockaddr_utils.h"
#include "src/core/lib/iomgr/resolved_address.h"

namespace paranet {
namespace {

// Connections that may wait to be accepted; the kernel has its own limit too.
constexpr int kBacklog = 4096;
// What epoll reports them by; connections count on from there.
constexpr uint64_t kListener = 0;
constexpr uint64_t kWake = 1;

absl::StatusOr<sockaddr_storage> ParseAddress(absl::string_view text, socklen_t& size) {
  const auto bad = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no address: write HOST:PORT, the host being an IP address"));
  };
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return bad();
  absl::string_view host_text = text.substr(0, colon);
  const bool brackets = absl::ConsumePrefix(&host_text, "[") && absl::ConsumeSuffix(&host_text, "]");
  const std::string host(host_text);
  int port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 0 || port > 65535) return bad();
  sockaddr_storage address{};
  in_addr v4{};
  in6_addr v6{};
  if (brackets && ::inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_addr = v6;
    in6.sin6_port = htons(static_cast<uint16_t>(port));
    size = sizeof(in6);
    std::memcpy(&address, &in6, sizeof(in6));
  } else if (!brackets && ::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    sockaddr_in in4{};
    in4.sin_family = AF_INET;
    in4.sin_addr = v4;
    in4.sin_port = htons(static_cast<uint16_t>(port));
    size = sizeof(in4);
    std::memcpy(&address, &in4, sizeof(in4));
  } else {
    return bad();
  }
  return address;
}

// As gRPC writes it; empty if it is neither IPv4 nor IPv6.
std::string PeerOf(const sockaddr_storage& address, socklen_t size) {
  grpc_resolved_address resolved{};
  std::memcpy(resolved.addr, &address, size);
  resolved.len = size;
  absl::StatusOr<std::string> uri = grpc_sockaddr_to_uri(&resolved);
  return uri.ok() ? *std::move(uri) : std::string();
}

// The peer without its port.
std::string HostOf(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  sockaddr_in6 in6{};
  // The port is at the same place in both.
  std::memcpy(&in6, &address, sizeof(in6));
  return ntohs(in6.sin6_port);
}

void SetOption(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof(value)); }

class TcpListenerImpl final : public TcpListener {
 public:
  TcpListenerImpl(Options options, int listener, int epoll, int wake)
      : options_(std::move(options)), listener_(listener), epoll_(epoll), wake_(wake), port_(PortOf(listener)) {
    Watch(EPOLL_CTL_ADD, listener_, kListener, 0);
    Watch(EPOLL_CTL_ADD, wake_, kWake, EPOLLIN);
    thread_ = std::thread([this] { Run(); });
  }

  ~TcpListenerImpl() override {
    Stop();
    ::close(epoll_);
    ::close(wake_);
  }

  void Stop() override {
    absl::MutexLock stopping(&stop_mu_);
    if (std::exchange(stopped_, true)) return;
    const uint64_t one = 1;
    // An eventfd that was never written to takes one.
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof(one));
    thread_.join();
    // Only now: while it was watched, its number could not become another's.
    ::close(listener_);
    absl::MutexLock lock(&mu_);
    for (const auto& [id, connection] : connections_) ::close(connection.fd);
    connections_.clear();
    by_peer_.clear();
    by_host_.clear();
  }

  int port() const override { return port_; }

  uint64_t Serve(Server server) override {
    absl::MutexLock lock(&accept_mu_);
    server_ = std::move(server);
    // Does nothing once the listener is closed: what has its number then is not in this set.
    Watch(EPOLL_CTL_MOD, listener_, kListener, EPOLLIN);
    return ++serving_;
  }

  void Cease(uint64_t serving) override {
    absl::MutexLock lock(&accept_mu_);
    if (serving != serving_) return;
    server_ = Server();
    Watch(EPOLL_CTL_MOD, listener_, kListener, 0);
  }

  std::optional<uint64_t> Find(absl::string_view peer) const override {
    absl::MutexLock lock(&mu_);
    const auto found = by_peer_.find(peer);
    return found == by_peer_.end() ? std::nullopt : std::optional(found->second);
  }

  void Close(uint64_t connection) override {
    absl::MutexLock lock(&mu_);
    const auto found = connections_.find(connection);
    // Whoever has the descriptor sees the end of the connection, and so does epoll.
    if (found != connections_.end()) ::shutdown(found->second.fd, SHUT_RDWR);
  }

  size_t connections() const override {
    absl::MutexLock lock(&mu_);
    return connections_.size();
  }
  uint64_t refused() const override {
    absl::MutexLock lock(&mu_);
    return refused_;
  }

 private:
  struct Connection {
    // A duplicate: it keeps the connection's number from being used again, and lets it be shut down.
    int fd;
    std::string peer;
  };

  void Watch(int operation, int fd, uint64_t id, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void Run() {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) return;
      for (int i = 0; i < count; ++i) {
        const uint64_t id = events[static_cast<size_t>(i)].data.u64;
        if (id == kWake) return;
        if (id == kListener) {
          AcceptOne();
        } else {
          Ended(id);
        }
      }
    }
  }

  void AcceptOne() {
    absl::MutexLock lock(&accept_mu_);
    if (!server_.accept) return;
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    const int fd = ::accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      // Out of descriptors: the connection stays in the backlog, and asking again at once would spin.
      pollfd wake{.fd = wake_, .events = POLLIN, .revents = 0};
      if (errno == EMFILE || errno == ENFILE) ::poll(&wake, 1, 100);
      return;
    }
    if (!Admit(fd, PeerOf(address, size))) {
      ::close(fd);
      return;
    }
    server_.accept(fd);
  }

  bool Admit(int fd, std::string peer) {
    if (peer.empty()) return false;
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    const std::string host = HostOf(peer);
    absl::MutexLock lock(&mu_);
    size_t& open = by_host_[host];
    if (open >= options_.max_per_address) {
      ++refused_;
      // Once for each time that the limit is reached.
      if (std::exchange(told_, true)) return false;
      if (options_.logger != nullptr) {
        options_.logger->warn("{}: refused a connection of {}: it has {} already", options_.address, peer, open);
      }
      return false;
    }
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
      if (open == 0) by_host_.erase(host);
      return false;
    }
    ++open;
    const uint64_t id = next_++;
    connections_.emplace(id, Connection{copy, peer});
    by_peer_.insert_or_assign(std::move(peer), id);
    Watch(EPOLL_CTL_ADD, copy, id, EPOLLRDHUP);
    return true;
  }

  void Ended(uint64_t id) {
    {
      absl::MutexLock lock(&mu_);
      const auto found = connections_.find(id);
      if (found == connections_.end()) return;
      const std::string host = HostOf(found->second.peer);
      if (--by_host_[host] == 0) by_host_.erase(host);
      told_ = false;
      const auto by_peer = by_peer_.find(found->second.peer);
      if (by_peer != by_peer_.end() && by_peer->second == id) by_peer_.erase(by_peer);
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second.fd, nullptr);
      ::close(found->second.fd);
      connections_.erase(found);
    }
    absl::MutexLock lock(&accept_mu_);
    if (server_.ended) server_.ended(id);
  }

  const Options options_;
  const int listener_;
  const int epoll_;
  const int wake_;
  const int port_;

  absl::Mutex stop_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  bool stopped_ ABSL_GUARDED_BY(stop_mu_) = false;

  // Held while the server is called.
  absl::Mutex accept_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  Server server_ ABSL_GUARDED_BY(accept_mu_);
  uint64_t serving_ ABSL_GUARDED_BY(accept_mu_) = 0;

  mutable absl::Mutex mu_;
  uint64_t next_ ABSL_GUARDED_BY(mu_) = kWake + 1;
  absl::flat_hash_map<uint64_t, Connection> connections_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, uint64_t> by_peer_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, size_t> by_host_ ABSL_GUARDED_BY(mu_);
  uint64_t refused_ ABSL_GUARDED_BY(mu_) = 0;
  bool told_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Start(Options options) {
  socklen_t size = 0;
  PARANET_ASSIGN_OR_RETURN(const sockaddr_storage address, ParseAddress(options.address, size));
  const int listener = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", options.address));
  // A node that was stopped is started again where it was, although its connections linger.
  SetOption(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ss_family == AF_INET6) SetOption(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener, kBacklog) != 0) {
    const int error = errno;
    ::close(listener);
    if (error == EADDRINUSE || error == EADDRNOTAVAIL) {
      return absl::AlreadyExistsError(absl::StrCat("cannot listen on ", options.address,
                                                   ": the address is in use or is not one of this machine's; stop the "
                                                   "program that has it, or name another address"));
    }
    return absl::ErrnoToStatus(error, absl::StrCat("cannot listen on ", options.address));
  }
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  if (epoll < 0 || wake < 0) {
    const int error = errno;
    for (const int fd : {listener, epoll, wake}) {
      if (fd >= 0) ::close(fd);
    }
    return absl::ErrnoToStatus(error, absl::StrCat("cannot listen on ", options.address));
  }
  return std::make_unique<TcpListenerImpl>(std::move(options), listener, epoll, wake);
}

}  // namespace paranet
