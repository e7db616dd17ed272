#include "federation/hello_exchange.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "federation/call_frames.h"
#include "federation/handshake.h"

namespace paranet {
namespace {

constexpr absl::Duration kHelloTime = absl::Seconds(10);

}  // namespace

void ReceiveHello(std::shared_ptr<MessageStream> stream, std::shared_ptr<ControlThread> control,
                  absl::AnyInvocable<void(const v1::Hello&)> done) {
  const uint64_t timer = control->At(absl::Now() + kHelloTime,
                                     [stream] { stream->Close(absl::DeadlineExceededError("no Hello came in time")); });
  MessageStream* const reader = stream.get();
  reader->Read([stream = std::move(stream), control = std::move(control), done = std::move(done),
                timer](std::optional<Payload> payload) mutable {
    control->Cancel(timer);
    v1::LinkMessage message;
    if (!payload.has_value()) {
      stream->Close(absl::CancelledError("the dialler closed the stream"));
    } else if (!Decode(*payload, &message) || !message.has_hello()) {
      SendRefusal(stream, MakeRefusal(v1::Refusal::PROTOCOL,
                                      "a link begins with Hello, and something else came; bring the dialler up to "
                                      "date"));
    } else {
      done(message.hello());
    }
  });
}

void SendRefusal(const std::shared_ptr<MessageStream>& stream, const v1::Refusal& refusal) {
  v1::LinkMessage message;
  *message.mutable_refusal() = refusal;
  stream->Write(Encode(message), [stream](bool) { stream->Close(absl::OkStatus()); });
}

}  // namespace paranet
