// A Unix socket that only its owner can talk to.
#ifndef PARANET_CORE_RPC_UNIX_LISTENER_H_
#define PARANET_CORE_RPC_UNIX_LISTENER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/log.h"

namespace paranet {

class UnixListener {
 public:
  // Listens on `path` (0600; a stale socket there is replaced) and hands over each accepted connection whose peer, by
  // SO_PEERCRED, is the user of this process or root; others are closed at once and logged. So are a peer that has more
  // seccomp filters than this process (`Seccomp_filters` in /proc/PID/status, proc(5)), which is what actors in
  // processes of their own have (core/worker) and nothing that this user starts otherwise, and one that has gone
  // already. `accept` runs on the listener's thread and takes the descriptor over. INVALID_ARGUMENT if `path` is too
  // long for a Unix socket (107 bytes).
  static absl::StatusOr<std::unique_ptr<UnixListener>> Start(const std::string& path,
                                                             std::function<void(int fd)> accept, Logger logger);
  // Stops accepting, deletes the socket.
  virtual ~UnixListener() = default;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_UNIX_LISTENER_H_
