#include "pki/enrolment/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace paranet::pki {
namespace {

std::string Network64(in6_addr address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    return text.data();
  }
  std::fill(&address.s6_addr[8], &address.s6_addr[16], uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &address, text.data(), text.size());
  return absl::StrCat(text.data(), "/64");
}

}  // namespace

std::string PartyOfPeer(absl::string_view peer) {
  absl::string_view rest = peer;
  if (absl::ConsumePrefix(&rest, "ipv4:")) return std::string(rest.substr(0, rest.rfind(':')));
  if (!absl::ConsumePrefix(&rest, "ipv6:")) return std::string(peer);
  const std::string text = absl::StrReplaceAll(rest, {{"%5B", "["}, {"%5D", "]"}});
  const size_t end = text.rfind(']');
  if (text.empty() || text[0] != '[' || end == std::string::npos) return std::string(peer);
  // Behind a `%` stands the interface of a link-local address.
  const std::string host = text.substr(1, std::min(end, text.find('%')) - 1);
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1 ? Network64(address) : std::string(peer);
}

}  // namespace paranet::pki
