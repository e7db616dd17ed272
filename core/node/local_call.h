// A streaming call whose caller is a thread of this process.
#ifndef PARANET_CORE_NODE_LOCAL_CALL_H_
#define PARANET_CORE_NODE_LOCAL_CALL_H_

#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/skill/provider.h"

namespace paranet {

// The caller's side blocks; the provider gets a ServerStream. Each direction holds at most 16 payloads: a faster side
// waits for the slower one.
//
// Thread-safe: Send and HalfClose are for one thread, Receive for one (which may be another), Cancel for any. The
// provider's callbacks run one at a time, on whichever of these threads made them due, never inside each other.
class LocalCall : public std::enable_shared_from_this<LocalCall> {
 public:
  static std::shared_ptr<LocalCall> Create();

  // The provider's end; once. The call ends with INTERNAL if it is dropped without Finish.
  std::shared_ptr<ServerStream> TakeServerStream();

  // Hands the next request over, when there is room for it. False when the call has ended.
  bool Send(Payload request);
  // No more requests follow.
  void HalfClose();
  // The next response; nullopt when the call has ended and all responses have been taken. Cancels the call with
  // DEADLINE_EXCEEDED when `deadline` passes before that.
  std::optional<Payload> Receive(absl::Time deadline);
  // Ends the call with `why`, which is not OK, unless it has ended; responses not yet taken are dropped.
  void Cancel(absl::Status why);
  // How the call ended. Once Receive has returned nullopt.
  absl::Status status() const;

 private:
  class ProviderEnd;

  LocalCall() = default;

  // ServerStream, for ProviderEnd.
  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done);
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done);
  void Finish(absl::Status status);
  void OnCancel(absl::AnyInvocable<void()> cancelled);

  bool CanSend() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool CanReceive() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Ends the pending Read and Write.
  void EndPending() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Runs what is due, unless a thread is at it already.
  void RunCallbacks() ABSL_LOCKS_EXCLUDED(mu_);

  mutable absl::Mutex mu_;
  std::deque<Payload> requests_ ABSL_GUARDED_BY(mu_);
  std::deque<Payload> responses_ ABSL_GUARDED_BY(mu_);
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(std::optional<Payload>)> pending_read_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(bool)> pending_write_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
  std::deque<absl::AnyInvocable<void()>> callbacks_ ABSL_GUARDED_BY(mu_);
  bool running_callbacks_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_LOCAL_CALL_H_
