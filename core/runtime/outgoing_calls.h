// The calls that one actor behind the C ABI makes of other skills; abi.h specifies what the actor sees.
#ifndef PARANET_CORE_RUNTIME_OUTGOING_CALLS_H_
#define PARANET_CORE_RUNTIME_OUTGOING_CALLS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/actor/abi.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_lock.h"
#include "core/runtime/actor_log.h"
#include "core/runtime/native_call.h"
#include "core/runtime/outgoing_stream.h"
#include "core/skill/provider.h"
#include "core/skill/skill_caller.h"

namespace paranet {

// Thread-safe; owned by a shared_ptr. Functions that block let go of the actor's lock, `lock`, if their thread holds
// it. `parent` is the call on whose behalf a call is made.
class OutgoingCalls final : public std::enable_shared_from_this<OutgoingCalls> {
 public:
  // Unary calls begun by Call and streams that an actor may have under way; more get RESOURCE_EXHAUSTED.
  static constexpr size_t kMaxCalls = 4'096;
  static constexpr size_t kMaxStreams = 256;

  // Whom a call is for.
  struct Parent {
    // Null where the actor calls of its own accord (`number` is 0), or where that call has been over for long.
    std::shared_ptr<NativeCall> call;
    paranet_call number = 0;
    bool over() const { return call == nullptr ? number != 0 : call->over(); }
  };

  // `actor`: `weather@1.0.0`. Without `caller` every call is UNAVAILABLE. What would run `done` under the actor's lock
  // runs it on `executor`. `lock` and what `log` points to outlive this object.
  OutgoingCalls(absl::string_view actor, std::shared_ptr<SkillCaller> caller, std::shared_ptr<ActorExecutor> executor,
                ActorLock* lock, ActorLog* log);
  ~OutgoingCalls();
  OutgoingCalls(const OutgoingCalls&) = delete;
  OutgoingCalls& operator=(const OutgoingCalls&) = delete;

  // As the functions of paranet_host.
  void Call(const Parent& parent, absl::string_view skill, absl::Time deadline, absl::string_view request,
            paranet_done done, void* user);
  int32_t CallAndWait(const Parent& parent, absl::string_view skill, absl::Time deadline, absl::string_view request,
                      paranet_bytes* result);
  paranet_outgoing Open(const Parent& parent, absl::string_view skill, absl::Time deadline);
  bool Send(paranet_outgoing outgoing, absl::string_view message);
  void CloseSend(paranet_outgoing outgoing);
  bool Receive(paranet_outgoing outgoing, paranet_bytes* message);
  int32_t Outcome(paranet_outgoing outgoing, paranet_text* message);
  void Cancel(paranet_outgoing outgoing);

  // Cancels what is under way and refuses the rest with UNAVAILABLE. Idempotent.
  void Close();
  // After Close: waits until each `done` has returned; false if `deadline` passes first.
  bool AwaitNone(absl::Time deadline);

 private:
  struct Unary;

  CallOrigin MakeOrigin(const Parent& parent, absl::Time deadline) const;
  // OK, or why no call can be made now.
  absl::Status CheckOpen(const Parent& parent) const;
  // Keeps `handle` where the end of `parent`, or Close, reaches it, until Unlink. False if that has come.
  bool Link(const Parent& parent, uint64_t id, const std::shared_ptr<CallHandle>& handle);
  void Unlink(const Parent& parent, uint64_t id);
  // Runs `done` with `result`, once and not under the actor's lock.
  void Deliver(const std::shared_ptr<Unary>& call, UnaryResult result);
  void RunDone(Unary& call, const UnaryResult& result);
  std::shared_ptr<OutgoingStream> FindStream(paranet_outgoing outgoing);
  bool NonePending() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return pending_ == 0; }

  // `actor:weather@1.0.0`
  const std::string name_;
  const std::shared_ptr<SkillCaller> caller_;
  ActorLock& lock_;
  ActorLog& log_;

  // Set under mu_, so that what is begun before is found by Close.
  std::atomic<bool> closed_ = false;
  std::atomic<uint64_t> last_id_ = 0;

  absl::Mutex mu_;
  // Null once AwaitNone has succeeded.
  std::shared_ptr<ActorExecutor> executor_ ABSL_GUARDED_BY(mu_);
  // Unary calls whose `done` has not returned.
  size_t pending_ ABSL_GUARDED_BY(mu_) = 0;
  // Of calls without a parent.
  absl::flat_hash_map<uint64_t, std::shared_ptr<CallHandle>> handles_ ABSL_GUARDED_BY(mu_);
  struct StreamEntry {
    std::shared_ptr<OutgoingStream> stream;
    Parent parent;
  };
  absl::flat_hash_map<paranet_outgoing, StreamEntry> streams_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_OUTGOING_CALLS_H_
