// A streaming call to an actor behind the C ABI: blocking reads and writes for the actor, on top of a ServerStream.
#ifndef PARANET_CORE_RUNTIME_STREAM_CALL_H_
#define PARANET_CORE_RUNTIME_STREAM_CALL_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/payload.h"
#include "core/runtime/native_call.h"
#include "core/skill/provider.h"
#include "grpcpp/support/slice.h"

namespace paranet {

// The actor's messages go through an outbox of limited size, so that its thread need not wake up for each of them. The
// first of finish, cancellation, deadline and stop decides the status; after finish the outbox is sent first, otherwise
// it is dropped.
class StreamCall final : public NativeCall {
 public:
  // What the outbox holds at most; one message of any size always fits.
  static constexpr size_t kOutboxMessages = 16;
  static constexpr size_t kOutboxBytes = size_t{1} << 20;

  StreamCall(CallContext context, std::shared_ptr<ServerStream> stream, std::shared_ptr<CallOwner> owner)
      : NativeCall(std::move(context), std::move(owner)), stream_(std::move(stream)) {}

  // Listens for cancellation. Before the actor sees the call; what ends the call earlier takes effect here.
  void Begin();

  // Blocks; reads one message ahead where the caller streams.
  bool Read(ActorLock& lock, paranet_bytes* message) override;
  bool Write(ActorLock& lock, absl::string_view message) override;
  void Finish(const absl::Status& status) override;
  void Abort(absl::Status status) override;

 private:
  bool Readable() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return over_ || inbox_.has_value() || half_closed_; }
  bool Writable() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return over_ || outbox_.empty() || (outbox_.size() < kOutboxMessages && outbox_bytes_ < kOutboxBytes);
  }
  // Asks the stream for a message, if it may have one and has not been asked.
  void StartRead() ABSL_LOCKS_EXCLUDED(mu_);
  void OnRead(std::optional<Payload> message);
  // Sends the outbox, one message at a time, then finishes. Returns when the stream is busy.
  void Pump() ABSL_LOCKS_EXCLUDED(mu_);
  void OnWritten(bool ok);
  std::shared_ptr<StreamCall> self() { return std::static_pointer_cast<StreamCall>(shared_from_this()); }

  // True once the stream has its OnCancel, before which it must not be finished.
  bool begun_ ABSL_GUARDED_BY(mu_) = false;
  // Null once finished.
  std::shared_ptr<ServerStream> stream_ ABSL_GUARDED_BY(mu_);

  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<Payload> inbox_ ABSL_GUARDED_BY(mu_);
  // What the actor was given last. Belongs to the thread that reads.
  grpc::Slice current_;

  std::deque<Payload> outbox_ ABSL_GUARDED_BY(mu_);
  size_t outbox_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool pumping_ ABSL_GUARDED_BY(mu_) = false;

  bool actor_finished_ ABSL_GUARDED_BY(mu_) = false;
  // Valid when over_.
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_STREAM_CALL_H_
