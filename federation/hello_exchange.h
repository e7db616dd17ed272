// The server's part of the handshake on the wire.
#ifndef PARANET_FEDERATION_HELLO_EXCHANGE_H_
#define PARANET_FEDERATION_HELLO_EXCHANGE_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "federation/control_thread.h"
#include "federation/message_stream.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// Reads the dialler's Hello from `stream`, a ControlStream; `done` runs on the control thread. If none comes in time,
// or something else does, the stream is closed and `done` never runs.
void ReceiveHello(std::shared_ptr<MessageStream> stream, std::shared_ptr<ControlThread> control,
                  absl::AnyInvocable<void(const v1::Hello&)> done);

// Writes `refusal` and closes `stream`.
void SendRefusal(const std::shared_ptr<MessageStream>& stream, const v1::Refusal& refusal);

}  // namespace paranet

#endif  // PARANET_FEDERATION_HELLO_EXCHANGE_H_
