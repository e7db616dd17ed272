#include "tests/bench/cfssl_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace paranet::bench {
namespace {

constexpr absl::string_view kEndOfHeaders = "\r\n\r\n";
constexpr absl::string_view kLength = "Content-Length: ";

// Whether `answer` is a whole response: cfssl sends it with its length, or chunked.
bool IsWhole(absl::string_view answer) {
  const size_t end = answer.find(kEndOfHeaders);
  if (end == absl::string_view::npos) return false;
  const absl::string_view headers = answer.substr(0, end + 2);
  const absl::string_view body = answer.substr(end + kEndOfHeaders.size());
  const size_t length = headers.find(kLength);
  if (length == absl::string_view::npos) return absl::EndsWith(body, "0\r\n\r\n");
  const size_t begin = length + kLength.size();
  size_t size = 0;
  return absl::SimpleAtoi(headers.substr(begin, headers.find('\r', begin) - begin), &size) && body.size() >= size;
}

}  // namespace

absl::StatusOr<CfsslClient> CfsslClient::Connect(int port) {
  CfsslClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int on = 1;
  ::setsockopt(client.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(client.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("connecting to cfssl on port ", port));
  }
  return client;
}

CfsslClient::CfsslClient(CfsslClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

CfsslClient::~CfsslClient() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status CfsslClient::Sign(const std::string& request_pem) {
  const std::string body =
      absl::StrCat("{\"certificate_request\":\"", absl::StrReplaceAll(request_pem, {{"\n", "\\n"}}), "\"}");
  const std::string request =
      absl::StrCat("POST /api/v1/cfssl/sign HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n", kLength,
                   body.size(), kEndOfHeaders, body);
  if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return absl::ErrnoToStatus(errno, "sending to cfssl");
  }
  std::string answer;
  char buffer[8192];
  while (!IsWhole(answer)) {
    const ssize_t size = ::recv(fd_, buffer, sizeof(buffer), 0);
    if (size <= 0) return absl::UnavailableError("cfssl ended the connection");
    answer.append(buffer, static_cast<size_t>(size));
  }
  if (!absl::StrContains(answer, "BEGIN CERTIFICATE-----")) return absl::InternalError(absl::StrCat("cfssl: ", answer));
  return absl::OkStatus();
}

}  // namespace paranet::bench
