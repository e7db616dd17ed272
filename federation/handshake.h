// Hello and Welcome: what two nodes check before they federate. Pure functions.
#ifndef PARANET_FEDERATION_HANDSHAKE_H_
#define PARANET_FEDERATION_HANDSHAKE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "paranet/v1/federation.pb.h"
#include "pki/identity.h"

namespace paranet {

// Protocol versions that this node speaks.
inline constexpr uint32_t kVersionMin = 1;
inline constexpr uint32_t kVersionMax = 1;
// A skill set with the largest descriptors allowed (skill_set.h) has to fit into one message.
inline constexpr uint32_t kLeastMessageBytes = 8 << 20;

// What this node accepts on a link.
v1::LinkLimits OwnLimits();

// The smaller of each.
v1::LinkLimits CommonLimits(const v1::LinkLimits& a, const v1::LinkLimits& b);

v1::Hello MakeHello(const pki::Identity& self, const std::string& expected_node, v1::LinkMode mode, bool fresh);
v1::Welcome MakeWelcome(const pki::Identity& self, const std::string& link_id);

// Of the server: why `hello`, from a client whose certificate says `peer`, does not lead to a link; nullopt if it does.
// `defederated`: the operator of this node has ended the federation with this peer.
std::optional<v1::Refusal> CheckHello(const pki::Identity& self, const pki::Identity& peer, bool defederated,
                                      const v1::Hello& hello);

// Of the dialler: the same for `welcome`, from the server whose certificate says `peer`.
std::optional<v1::Refusal> CheckWelcome(const pki::Identity& peer, const v1::Welcome& welcome);

v1::Refusal MakeRefusal(v1::Refusal::Reason reason, std::string message);

// FAILED_PRECONDITION for VERSION, PERMISSION_DENIED for all else; the refusal's sentence, shortened to 500 bytes.
absl::Status RefusalStatus(const v1::Refusal& refusal);

}  // namespace paranet

#endif  // PARANET_FEDERATION_HANDSHAKE_H_
