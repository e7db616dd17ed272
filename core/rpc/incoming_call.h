// The serving end of any gRPC call, of raw payloads.
#ifndef PARANET_CORE_RPC_INCOMING_CALL_H_
#define PARANET_CORE_RPC_INCOMING_CALL_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/rpc/rpc_queue.h"
#include "core/skill/provider.h"
#include "grpcpp/security/auth_context.h"

namespace paranet {

// A call that has arrived, before anything of it has been read. Being a ServerStream, it can be handed to a provider as
// it is. Callbacks run on the threads of the server's queue. Keeps itself alive until Finish; if it is dropped before,
// the call ends with INTERNAL.
class IncomingCall : public ServerStream {
 public:
  // `/package.Service/Method`.
  virtual const std::string& path() const = 0;
  // Custom metadata of the client.
  virtual const Metadata& metadata() const = 0;
  virtual absl::Time deadline() const = 0;
  virtual std::shared_ptr<const grpc::AuthContext> auth_context() const = 0;
  // `ipv4:127.0.0.1:1234` or `unix:`.
  virtual std::string peer() const = 0;
  // For the other leg of the call.
  virtual RpcQueue* queue() const = 0;
  // Writes `payload` and finishes with OK in one batch: what a unary call wants in place of Write and Finish.
  virtual void WriteAndFinish(Payload payload, Metadata trailers) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_INCOMING_CALL_H_
