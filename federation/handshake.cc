#include "federation/handshake.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/rpc/server.h"

namespace paranet {
namespace {

constexpr uint32_t kLanePayloadBytes = 64 << 10;
constexpr uint32_t kLaneCalls = 1024;
constexpr size_t kMostQuoted = 100;

// A name as the peer wrote it, safe to print.
std::string Quote(const std::string& text) {
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMostQuoted)), "\"");
}

std::optional<v1::Refusal> CheckLimits(const std::string& peer, const v1::LinkLimits& limits) {
  if (limits.lane_calls() > 0 && limits.message_bytes() >= kLeastMessageBytes) return std::nullopt;
  return MakeRefusal(
      v1::Refusal::PROTOCOL,
      absl::StrCat("node ", peer, " accepts ", limits.lane_calls(), " calls and messages of ", limits.message_bytes(),
                   " bytes, and a link needs at least 1 and ", kLeastMessageBytes, "; raise its limits"));
}

}  // namespace

v1::LinkLimits OwnLimits() {
  v1::LinkLimits limits;
  limits.set_lane_payload_bytes(kLanePayloadBytes);
  limits.set_lane_calls(kLaneCalls);
  limits.set_message_bytes(kMaxMessageBytes);
  return limits;
}

v1::LinkLimits CommonLimits(const v1::LinkLimits& a, const v1::LinkLimits& b) {
  v1::LinkLimits limits;
  limits.set_lane_payload_bytes(std::min(a.lane_payload_bytes(), b.lane_payload_bytes()));
  limits.set_lane_calls(std::min(a.lane_calls(), b.lane_calls()));
  limits.set_message_bytes(std::min(a.message_bytes(), b.message_bytes()));
  return limits;
}

v1::Hello MakeHello(const pki::Identity& self, const std::string& expected_node, v1::LinkMode mode, bool fresh) {
  v1::Hello hello;
  hello.set_version_min(kVersionMin);
  hello.set_version_max(kVersionMax);
  hello.set_node(self.name);
  hello.set_network(self.network);
  hello.set_expected_node(expected_node);
  hello.set_mode(mode);
  hello.set_fresh(fresh);
  *hello.mutable_limits() = OwnLimits();
  return hello;
}

v1::Welcome MakeWelcome(const pki::Identity& self, const std::string& link_id) {
  v1::Welcome welcome;
  welcome.set_version(kVersionMax);
  welcome.set_node(self.name);
  welcome.set_network(self.network);
  welcome.set_link_id(link_id);
  *welcome.mutable_limits() = OwnLimits();
  return welcome;
}

std::optional<v1::Refusal> CheckHello(const pki::Identity& self, const pki::Identity& peer, bool defederated,
                                      const v1::Hello& hello) {
  if (peer.role != pki::Role::kNode) {
    return MakeRefusal(v1::Refusal::NOT_A_NODE,
                       absl::StrCat("only nodes federate, and the certificate says ", peer.ToUri(),
                                    "; use a node's certificate (`paranet root issue --role node`)"));
  }
  if (hello.version_min() > kVersionMax || hello.version_max() < kVersionMin) {
    return MakeRefusal(v1::Refusal::VERSION,
                       absl::StrCat("node ", peer.name, " speaks versions ", hello.version_min(), " to ",
                                    hello.version_max(), " of the federation protocol and node ", self.name, " ",
                                    kVersionMin, " to ", kVersionMax, "; bring the older node up to date"));
  }
  if (hello.network() != peer.network) {
    return MakeRefusal(
        v1::Refusal::NETWORK_NAME,
        absl::StrCat("the peer says that it is of network ", Quote(hello.network()), " and its certificate says ",
                     peer.network, "; start it with the network name of its certificate"));
  }
  if (peer.network != self.network) {
    return MakeRefusal(
        v1::Refusal::NETWORK_NAME,
        absl::StrCat("node ", peer.name, " is of network ", peer.network, " and node ", self.name, " of network ",
                     self.network, "; nodes federate within one network: issue it a certificate of this one"));
  }
  if (hello.node() != peer.name) {
    return MakeRefusal(v1::Refusal::NODE_NAME,
                       absl::StrCat("the peer says that it is node ", Quote(hello.node()), " and its certificate says ",
                                    peer.name, "; start it with the name of its certificate"));
  }
  if (peer.name == self.name) {
    return MakeRefusal(v1::Refusal::SELF, absl::StrCat("node ", self.name,
                                                       " cannot federate with itself; name the address of "
                                                       "another node"));
  }
  if (hello.expected_node() != self.name) {
    return MakeRefusal(v1::Refusal::NODE_NAME,
                       absl::StrCat("node ", peer.name, " wants to reach node ", Quote(hello.expected_node()),
                                    " and this is node ", self.name, "; correct the address or the name"));
  }
  if (hello.mode() != v1::ONE_WAY && hello.mode() != v1::BIDIRECTIONAL) {
    return MakeRefusal(v1::Refusal::MODE,
                       absl::StrCat("node ", self.name, " does not know link mode ", static_cast<int>(hello.mode()),
                                    "; federate one-way or bidirectional"));
  }
  if (defederated && !hello.fresh()) {
    return MakeRefusal(
        v1::Refusal::DEFEDERATED,
        absl::StrCat("the operator of node ", self.name, " has ended the federation with node ", peer.name,
                     "; to begin it anew, run `paranet federate --from ", peer.name, " --to ", self.name, "`"));
  }
  return CheckLimits(peer.name, hello.limits());
}

std::optional<v1::Refusal> CheckWelcome(const pki::Identity& peer, const v1::Welcome& welcome) {
  if (welcome.version() < kVersionMin || welcome.version() > kVersionMax) {
    return MakeRefusal(v1::Refusal::VERSION,
                       absl::StrCat("node ", peer.name, " chose version ", welcome.version(),
                                    " of the federation protocol and this node speaks ", kVersionMin, " to ",
                                    kVersionMax, "; bring the older node up to date"));
  }
  if (welcome.network() != peer.network) {
    return MakeRefusal(
        v1::Refusal::NETWORK_NAME,
        absl::StrCat("the peer says that it is of network ", Quote(welcome.network()), " and its certificate says ",
                     peer.network, "; start it with the network name of its certificate"));
  }
  if (welcome.node() != peer.name) {
    return MakeRefusal(v1::Refusal::NODE_NAME, absl::StrCat("the peer says that it is node ", Quote(welcome.node()),
                                                            " and its certificate says ", peer.name,
                                                            "; start it with the name of its certificate"));
  }
  if (welcome.link_id().empty()) {
    return MakeRefusal(v1::Refusal::PROTOCOL,
                       absl::StrCat("node ", peer.name, " gave the link no id; bring it up to date"));
  }
  return CheckLimits(peer.name, welcome.limits());
}

v1::Refusal MakeRefusal(v1::Refusal::Reason reason, std::string message) {
  v1::Refusal refusal;
  refusal.set_reason(reason);
  refusal.set_message(std::move(message));
  return refusal;
}

absl::Status RefusalStatus(const v1::Refusal& refusal) {
  constexpr size_t kMostBytes = 500;
  std::string message = refusal.message().empty()
                            ? absl::StrCat("the peer refused the link: ", v1::Refusal::Reason_Name(refusal.reason()))
                            : refusal.message();
  if (message.size() > kMostBytes) message.resize(kMostBytes);
  return refusal.reason() == v1::Refusal::VERSION ? absl::FailedPreconditionError(message)
                                                  : absl::PermissionDeniedError(message);
}

}  // namespace paranet
