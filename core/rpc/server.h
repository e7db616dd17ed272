// A gRPC server on one address: ordinary services, and every other call handed to one handler.
#ifndef PARANET_CORE_RPC_SERVER_H_
#define PARANET_CORE_RPC_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/rpc/incoming_call.h"
#include "core/rpc/rpc_queue.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "grpcpp/security/server_credentials.h"

namespace paranet {

// Largest message that a listener accepts, in bytes.
inline constexpr int kMaxMessageBytes = 64 << 20;

class RpcServer {
 public:
  struct Options {
    // As TcpListener's, or empty for a server that gets its connections from AddConnection alone.
    std::string address;
    // Of all connections. Null: plain text.
    std::shared_ptr<grpc::ServerCredentials> credentials;
    // Served by gRPC's own threads; must outlive the server.
    std::vector<grpc::Service*> services;
    // Threads that poll the queue of all other calls.
    int threads = 2;
  };
  // Runs on the queue's threads for each call that no service takes; must not block.
  using Handler = std::function<void(std::shared_ptr<IncomingCall>)>;

  // Errors are TcpListener's. Serves when it returns.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(Options options, Handler handler);

  // Shutdown(now) if that has not been called.
  virtual ~RpcServer() = default;
  // The port it listens on; 0 without an address.
  virtual int port() const = 0;
  // The queue that its calls are polled from; lives as long as the server.
  virtual RpcQueue* queue() const = 0;
  // Takes over a connected socket (non-blocking) and serves it; closes it after Shutdown.
  virtual void AddConnection(int fd) = 0;
  // Accepts no more calls, lets the running ones end until `deadline`, then cancels them. Returns when all have ended.
  // Idempotent.
  virtual void Shutdown(absl::Time deadline) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_SERVER_H_
