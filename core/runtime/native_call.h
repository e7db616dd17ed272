// A call as an actor behind the C ABI sees it: what is common to unary and streaming calls.
#ifndef PARANET_CORE_RUNTIME_NATIVE_CALL_H_
#define PARANET_CORE_RUNTIME_NATIVE_CALL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/actor/abi.h"
#include "core/base/payload.h"
#include "core/runtime/actor_lock.h"
#include "core/runtime/deadline_timer.h"
#include "core/runtime/fair_queue.h"
#include "core/skill/provider.h"
#include "grpcpp/support/slice.h"

namespace paranet {

class NativeCall;
class UnaryCall;
using Mailbox = FairQueue<std::shared_ptr<UnaryCall>>;

// Who began the calls. Its functions run without any lock of the call.
class CallOwner {
 public:
  virtual ~CallOwner() = default;
  // Nobody waits for `call` any more: just before its end is told to the caller.
  virtual void OnEnded(NativeCall& call) = 0;
  // `call` has ended, and no thread of the host runs or will run the actor's code for it.
  virtual void OnReleased(NativeCall& call) = 0;
  // The actor did with `call` what the ABI forbids.
  virtual void OnMisuse(const NativeCall& call, absl::string_view what) = 0;
  // CallHandle::RunHere of `call`.
  virtual void OnRunHere(UnaryCall& call) = 0;
  // CallHandle::RunElsewhere of `call`.
  virtual void OnRunElsewhere(UnaryCall& call) = 0;
};

// Thread-safe. A call begins waiting for a thread or on one; it is released when it has ended and LeaveThread() was
// called, each of which happens once.
class NativeCall : public std::enable_shared_from_this<NativeCall> {
 public:
  NativeCall(CallContext context, std::shared_ptr<CallOwner> owner)
      : context_(std::move(context)), owner_(std::move(owner)) {}
  virtual ~NativeCall() = default;
  NativeCall(const NativeCall&) = delete;
  NativeCall& operator=(const NativeCall&) = delete;

  const CallContext& context() const { return context_; }

  // Kept for the owner, who sets them before anybody else knows of the call.
  paranet_call handle() const { return handle_; }
  void set_handle(paranet_call handle) { handle_ = handle; }
  Mailbox::Caller* place() const { return place_; }
  void set_place(Mailbox::Caller* place) { place_ = place; }
  void SetTimer(DeadlineTimer::Id timer);
  DeadlineTimer::Id timer() const;

  // True once nobody waits for the result.
  bool over() const { return over_now_.load(std::memory_order_acquire); }
  // Ends the call from the host's side (deadline, cancellation, stop) if it has not ended.
  virtual void Abort(absl::Status status) = 0;
  // Blocks for `time`, true, or until the call is over, false.
  bool Wait(ActorLock& lock, absl::Duration time);
  // A call that the actor makes on behalf of this one: it is cancelled when this is over. False if it is over already.
  bool AddChild(uint64_t id, std::shared_ptr<CallHandle> child);
  void RemoveChild(uint64_t id);
  // False if the key is not valid or the call is over.
  bool AddTrailer(absl::string_view key, absl::string_view value);
  // No thread of the host is or will be in the actor's code for this call.
  void LeaveThread();
  // The same, but it is the owner who calls this, and OnReleased is left to it where this is true.
  [[nodiscard]] bool DropThread() { return left_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  // What the ABI offers to one of the two kinds is misuse with the other.
  virtual void Respond(const absl::Status& status, absl::string_view response);
  virtual bool Read(ActorLock& lock, paranet_bytes* message);
  virtual bool Write(ActorLock& lock, absl::string_view message);
  virtual void Finish(const absl::Status& status);

 protected:
  bool has_children() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !children_.empty(); }
  // After over_ was set, without the mutex.
  void CancelChildren();
  void SetOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    over_ = true;
    over_now_.store(true, std::memory_order_release);
  }
  // After the end was told to the caller.
  void Ended();
  CallOwner& owner() const { return *owner_; }

  mutable absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  Metadata trailers_ ABSL_GUARDED_BY(mu_);

 private:
  const CallContext context_;
  const std::shared_ptr<CallOwner> owner_;
  paranet_call handle_ = 0;
  Mailbox::Caller* place_ = nullptr;
  DeadlineTimer::Id timer_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<uint64_t, std::shared_ptr<CallHandle>>> children_ ABSL_GUARDED_BY(mu_);
  // As over_, for those who need no more than that.
  std::atomic<bool> over_now_ = false;
  // Of Ended and DropThread, those that were not called.
  std::atomic<int> left_ = 2;
};

// The one slice of `payload`, without copying where there is one.
grpc::Slice SingleSlice(const Payload& payload);

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_NATIVE_CALL_H_
