// One long-lived stream of messages between two nodes, whichever of them opened it.
#ifndef PARANET_FEDERATION_MESSAGE_STREAM_H_
#define PARANET_FEDERATION_MESSAGE_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/rpc/incoming_call.h"
#include "core/rpc/rpc_queue.h"
#include "core/skill/provider.h"
#include "federation/activity.h"
#include "grpcpp/channel.h"
#include "grpcpp/security/auth_context.h"

namespace paranet {

// Callbacks run on the queue's threads or inside the function that was given them. At most one Read and one Write are
// outstanding. Close, Abort and OnEnd are thread-safe.
class MessageStream {
 public:
  virtual ~MessageStream() = default;
  // The next message; nullopt at the end.
  virtual void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) = 0;
  // False when the stream is over.
  virtual void Write(Payload payload, absl::AnyInvocable<void(bool)> done) = 0;
  // Runs exactly once, when the stream is over, with the reason. Set before the first Read or Write.
  virtual void OnEnd(absl::AnyInvocable<void(absl::Status)> ended) = 0;
  // Nothing more is written from here. `status` reaches the peer where this is the serving end. An outstanding Write
  // completes first. Idempotent.
  virtual void Close(const absl::Status& status) = 0;
  // Ends the stream without regard to what is under way, as far as gRPC lets this end. Idempotent.
  virtual void Abort() = 0;
  // Who is at the other end of the connection; of the dialling end once a message has come. Null where there is no
  // connection.
  virtual std::shared_ptr<const grpc::AuthContext> auth_context() const { return nullptr; }
};

// The serving end. The stream is over when the dialler has closed or cancelled it, or when Close has been called.
std::shared_ptr<MessageStream> MakeServerStream(std::shared_ptr<IncomingCall> call);

// The dialling end: begins the call. The stream is over when the call is. Null if `activity` is closed; holds a token
// of it until then.
std::shared_ptr<MessageStream> OpenStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                                          const Metadata& metadata, absl::Time deadline, RpcQueue* queue,
                                          Activity* activity);

}  // namespace paranet

#endif  // PARANET_FEDERATION_MESSAGE_STREAM_H_
