// A TCP socket that accepts connections, limits and watches them, and can end any of them.
#ifndef PARANET_CORE_RPC_TCP_LISTENER_H_
#define PARANET_CORE_RPC_TCP_LISTENER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/log.h"

namespace paranet {

// Thread-safe.
class TcpListener {
 public:
  struct Options {
    // HOST:PORT; the host is an IP address (an IPv6 one in brackets, and `[::]` is IPv4 too). Port 0: any free one.
    std::string address;
    // Connections at once from one remote address; further ones are closed at once.
    size_t max_per_address = 512;
    // Null: silence.
    Logger logger;
  };
  // Listens; connections wait in the kernel until Serve. INVALID_ARGUMENT if the address is none; ALREADY_EXISTS if it
  // is in use or not this machine's.
  static absl::StatusOr<std::unique_ptr<TcpListener>> Start(Options options);
  // Stop.
  virtual ~TcpListener() = default;
  // Accepts no more and gives the address back. Connections that were handed over live on, unwatched and unknown.
  // Nobody is called any more once this returns. Idempotent.
  virtual void Stop() = 0;

  virtual int port() const = 0;

  struct Server {
    // Takes a new connection's descriptor over (non-blocking, close-on-exec, without Nagle's delay).
    std::function<void(int fd)> accept;
    // A connection has ended, whoever ended it and whoever accepted it. May be empty.
    std::function<void(uint64_t connection)> ended;
  };
  // From now on `server` gets the connections, in place of whoever got them before and is not called any more once this
  // returns. Both functions run on the listener's thread and must not call Serve, Cease, Stop or the destructor.
  // Returns what Cease wants.
  virtual uint64_t Serve(Server server) = 0;
  // Ends what Serve began, unless somebody else serves already: connections wait again.
  virtual void Cease(uint64_t serving) = 0;

  // The open connection with the peer that gRPC calls `peer` (`ipv4:127.0.0.1:1234`, `ipv6:%5B::1%5D:1234`).
  virtual std::optional<uint64_t> Find(absl::string_view peer) const = 0;
  // Ends it for both sides at once, as if the network had. Does nothing for one that has ended.
  virtual void Close(uint64_t connection) = 0;

  // How many are open.
  virtual size_t connections() const = 0;
  // How many were closed for the limit.
  virtual uint64_t refused() const = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_TCP_LISTENER_H_
