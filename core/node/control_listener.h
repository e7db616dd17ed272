// The control socket: everything that a node does, for the user who runs it.
#ifndef PARANET_CORE_NODE_CONTROL_LISTENER_H_
#define PARANET_CORE_NODE_CONTROL_LISTENER_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/node/call_service.h"
#include "core/node/control_service.h"
#include "core/node/health_service.h"
#include "core/node/node_control.h"
#include "core/node/reflection_service.h"
#include "core/routing/dispatcher.h"
#include "core/routing/router.h"
#include "core/rpc/server.h"
#include "core/rpc/unix_listener.h"
#include "core/skill/catalogue.h"

namespace paranet {

// OK if a Unix socket can have this path: INVALID_ARGUMENT, with what to do, beyond 107 bytes.
absl::Status CheckSocketPath(const std::string& path);

// Serves paranet.v1.Node, every skill under its own gRPC path, reflection and health, as plain text on a Unix socket
// that lets only this user and root in. All callers are `uid:N`, N being this user's. Thread-safe.
class ControlListener {
 public:
  struct Options {
    std::string path;
    // All outlive this object.
    NodeControl* node = nullptr;
    Catalogue* catalogue = nullptr;
    const Router* router = nullptr;
    Logger logger;
  };
  static absl::StatusOr<std::unique_ptr<ControlListener>> Start(Options options);
  // Shutdown(now).
  ~ControlListener();

  // Accepts no more connections and deletes the socket; new calls on those that there are get UNAVAILABLE (but not
  // those of paranet.v1.Node's other methods, which the node answers for).
  void Close();
  // Close; lets the running calls end until `deadline`, cancels them then, and returns when all have ended. Idempotent.
  void Shutdown(absl::Time deadline);

 private:
  explicit ControlListener(Options options);

  void Handle(std::shared_ptr<IncomingCall> call);

  const Options options_;
  const std::string caller_;
  std::atomic<bool> open_ = true;
  CallDispatcher dispatcher_;
  ControlService control_;
  ReflectionService reflection_;
  HealthService health_;
  CallService calls_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<UnixListener> listener_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_CONTROL_LISTENER_H_
