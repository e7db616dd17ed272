// Where a node listens: HOST:PORT, the host being an IP address.
#ifndef PARANET_CORE_NODE_LISTEN_ADDRESS_H_
#define PARANET_CORE_NODE_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

struct ListenAddress {
  // An IPv4 or IPv6 address in its canonical form, without brackets.
  std::string host = "127.0.0.1";
  // 0: any free one.
  int port = 0;

  // `127.0.0.1:7000`, `[::1]:7000`, `0.0.0.0:0`, or `localhost:7000`, which means 127.0.0.1. INVALID_ARGUMENT, with
  // what to write instead, for anything else; other names are refused, because what they resolve to may change.
  static absl::StatusOr<ListenAddress> Parse(absl::string_view text);

  // Whether it can be reached from this machine alone: 127.0.0.0/8 and ::1.
  bool loopback() const;
  // HOST:PORT, an IPv6 address in brackets.
  std::string ToString() const;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_LISTEN_ADDRESS_H_
