#include "core/node/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace paranet {
namespace {

constexpr absl::string_view kWhatToWrite =
    "write an IP address and a port, such as 127.0.0.1:7000 (this machine alone), 0.0.0.0:7000 (all its networks) or "
    "[::1]:7000; port 0 takes any free one";

absl::Status Bad(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", why, ": ", kWhatToWrite));
}

// The canonical form of `host` in `family`, or "".
std::string Canonical(int family, const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (inet_pton(family, host.c_str(), bytes.data()) != 1) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return "";
  return text.data();
}

}  // namespace

absl::StatusOr<ListenAddress> ListenAddress::Parse(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Bad(text, "has no port");
  const absl::string_view port_text = text.substr(colon + 1);
  absl::string_view host_text = text.substr(0, colon);

  ListenAddress address;
  const bool digits =
      !port_text.empty() && port_text.size() <= 5 &&
      std::all_of(port_text.begin(), port_text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (!digits || !absl::SimpleAtoi(port_text, &address.port) || address.port > 65535) {
    return Bad(text, "has no port between 0 and 65535 after its last colon");
  }
  if (host_text.empty()) return Bad(text, "has no host");
  if (host_text == "localhost") return address;
  const bool brackets = absl::ConsumePrefix(&host_text, "[");
  if (brackets && !absl::ConsumeSuffix(&host_text, "]")) return Bad(text, "has a bracket without its counterpart");
  if (!brackets && absl::StrContains(host_text, ':')) return Bad(text, "has an IPv6 address without brackets");
  address.host = Canonical(brackets ? AF_INET6 : AF_INET, std::string(host_text));
  if (address.host.empty()) {
    return Bad(text, brackets ? "has no IPv6 address between its brackets" : "has a host that is no IP address");
  }
  return address;
}

bool ListenAddress::loopback() const { return absl::StartsWith(host, "127.") || host == "::1"; }

std::string ListenAddress::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

}  // namespace paranet
