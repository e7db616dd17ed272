// The address of a caller, as far as it tells one party from another.
#ifndef PARANET_PKI_ENROLMENT_PEER_ADDRESS_H_
#define PARANET_PKI_ENROLMENT_PEER_ADDRESS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace paranet::pki {

// `peer`: as grpc::ServerContext::peer() has it (`ipv4:10.0.0.1:4711`, `ipv6:%5B2001:db8::1%5D:4711`). Without the
// port; of IPv6 the first 64 bits alone (`2001:db8::/64`), since whoever has one such address has all of them. What is
// neither is returned as it is.
std::string PartyOfPeer(absl::string_view peer);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_PEER_ADDRESS_H_
