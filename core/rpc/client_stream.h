// The calling end of a streaming gRPC call, of raw payloads.
#ifndef PARANET_CORE_RPC_CLIENT_STREAM_H_
#define PARANET_CORE_RPC_CLIENT_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/rpc/rpc_queue.h"
#include "core/skill/provider.h"
#include "grpcpp/channel.h"
#include "grpcpp/security/auth_context.h"

namespace paranet {

// One call. Callbacks run on the threads that poll `queue`, or inside the function that was given them where the call
// is over. At most one Read and one Write are outstanding at a time. The object keeps itself alive until the call has
// ended. Thread-safe apart from that.
class ClientStream {
 public:
  // Begins the call of `path` ("/package.Service/Method") on `channel`; `wait_for_ready` as in gRPC. `finished` runs
  // exactly once, after all other callbacks, with the call's status and trailing metadata.
  static std::shared_ptr<ClientStream> Start(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                                             const Metadata& metadata, absl::Time deadline, bool wait_for_ready,
                                             RpcQueue* queue,
                                             absl::AnyInvocable<void(absl::Status, Metadata)> finished);

  virtual ~ClientStream() = default;
  // The next message; nullopt when there are no more (then `finished` follows).
  virtual void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) = 0;
  // False when the call is over.
  virtual void Write(Payload payload, absl::AnyInvocable<void(bool)> done) = 0;
  // No more Writes: half-closes. Once, with no Write outstanding.
  virtual void WritesDone() = 0;
  virtual void Cancel() = 0;
  // Who is at the other end of the connection. Once a message has been read, and before `finished`.
  virtual std::shared_ptr<const grpc::AuthContext> auth_context() const = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_CLIENT_STREAM_H_
