#include "tests/bench/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "openssl/err.h"

namespace paranet::bench {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

absl::Status TlsError(const char* what) {
  const uint32_t error = ERR_get_error();
  ERR_clear_error();
  char text[256];
  return absl::UnavailableError(absl::StrCat(what, ": ", ERR_error_string_n(error, text, sizeof(text))));
}

}  // namespace

absl::StatusOr<TlsClient> TlsClient::Create(const std::string& identity_dir) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  constexpr uint8_t kAlpn[] = {2, 'h', '2'};
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_use_certificate_chain_file(context.get(), absl::StrCat(identity_dir, "/chain.pem").c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), absl::StrCat(identity_dir, "/key.pem").c_str(), SSL_FILETYPE_PEM) !=
          1 ||
      SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn)) != 0) {
    return TlsError("cannot set up the client");
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return TlsClient(std::move(context));
}

absl::Status TlsClient::Handshake(int port) const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "socket");
  const absl::Cleanup close_fd = [fd] { ::close(fd); };
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // Many connections in a row must not use up the ports.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  const sockaddr_in address = Loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("connecting to port ", port));
  }
  const bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd) != 1 || SSL_connect(ssl.get()) != 1) return TlsError("handshake");
  uint8_t byte = 0;
  if (SSL_read(ssl.get(), &byte, 1) != 1) return TlsError("the server ended the connection after the handshake");
  return absl::OkStatus();
}

absl::Status TlsClient::HandshakeOnceServed(int port) const {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  absl::Status status = Handshake(port);
  while (!status.ok() && absl::Now() < deadline) status = Handshake(port);
  return status;
}

absl::StatusOr<int> FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "socket");
  const absl::Cleanup close_fd = [fd] { ::close(fd); };
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return absl::ErrnoToStatus(errno, "bind");
  }
  return ntohs(address.sin_port);
}

}  // namespace paranet::bench
