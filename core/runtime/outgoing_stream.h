// A streaming call that an actor makes: blocking functions for the actor, a ServerStream for the provider that serves.
#ifndef PARANET_CORE_RUNTIME_OUTGOING_STREAM_H_
#define PARANET_CORE_RUNTIME_OUTGOING_STREAM_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/actor/abi.h"
#include "core/base/payload.h"
#include "core/runtime/actor_lock.h"
#include "core/skill/provider.h"
#include "grpcpp/support/slice.h"

namespace paranet {

// Thread-safe; owned by a shared_ptr. Bounded in both directions: the side that is too fast waits.
class OutgoingStream final : public CallHandle, public std::enable_shared_from_this<OutgoingStream> {
 public:
  // What waits in each direction at most; one message of any size always fits.
  static constexpr size_t kMaxMessages = 16;
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  OutgoingStream() = default;

  // The provider's end, once. Dropping it without Finish ends the call with INTERNAL.
  std::shared_ptr<ServerStream> TakeServerEnd();

  // Of the actor; see abi.h. These three block, and let go of `lock` meanwhile if the thread holds it.
  bool Send(ActorLock& lock, absl::string_view message);
  bool Receive(ActorLock& lock, paranet_bytes* message);
  absl::Status Outcome(ActorLock& lock);
  void CloseSend();

  // Ends the call as far as the actor is concerned, if it has not ended.
  void Cancel() override { End(absl::CancelledError("the call was cancelled")); }
  void End(absl::Status status);

 private:
  class ServerEnd;
  struct Queue {
    std::deque<Payload> messages;
    size_t bytes = 0;

    bool HasRoom() const { return messages.empty() || (messages.size() < kMaxMessages && bytes < kMaxBytes); }
    void Push(Payload message) {
      bytes += message.Length();
      messages.push_back(std::move(message));
    }
    Payload Pop() {
      Payload message = std::move(messages.front());
      messages.pop_front();
      bytes -= message.Length();
      return message;
    }
  };

  // Of the provider.
  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done);
  void Write(Payload message, absl::AnyInvocable<void(bool)> done);
  void Finish(absl::Status status);
  void OnCancel(absl::AnyInvocable<void()> cancelled);

  bool MaySend() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return over_ || outbox_.HasRoom(); }
  bool MayReceive() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return over_ || !inbox_.messages.empty(); }

  absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  // Valid when over_.
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  // The provider has said that it is the end.
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool send_closed_ ABSL_GUARDED_BY(mu_) = false;
  // From the actor, and to it.
  Queue outbox_ ABSL_GUARDED_BY(mu_);
  Queue inbox_ ABSL_GUARDED_BY(mu_);
  // What the provider waits for.
  absl::AnyInvocable<void(std::optional<Payload>)> reading_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(bool)> writing_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void()> cancelled_ ABSL_GUARDED_BY(mu_);
  // What the actor was given last. Belongs to the thread that receives.
  grpc::Slice current_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_OUTGOING_STREAM_H_
