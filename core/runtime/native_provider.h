// An actor in a shared object, running in this process, as a Provider.
#ifndef PARANET_CORE_RUNTIME_NATIVE_PROVIDER_H_
#define PARANET_CORE_RUNTIME_NATIVE_PROVIDER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/actor/abi.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_lock.h"
#include "core/runtime/actor_log.h"
#include "core/runtime/call_table.h"
#include "core/runtime/fair_queue.h"
#include "core/runtime/library_module.h"
#include "core/runtime/native_call.h"
#include "core/runtime/native_host.h"
#include "core/runtime/outgoing_calls.h"
#include "core/runtime/unary_call.h"
#include "core/skill/provider.h"
#include "core/skill/skill_caller.h"

namespace paranet {

struct NativeActorOptions {
  // `weather` and `weather@1.0.0`.
  std::string id;
  std::string name;
  std::map<std::string, std::string> config;
  // Whether its handlers may run at the same time.
  bool concurrent = false;
  // Unary calls that wait or run at the same time; more get RESOURCE_EXHAUSTED.
  uint32_t mailbox = 1024;
  // Of one caller (fair_queue.h); 0: a share of the mailbox that follows the need.
  uint32_t per_caller = 0;
  // The same as `mailbox` for streaming calls. Each has a thread.
  uint32_t streams = 64;
  // How long Stop waits for handlers that do not return although their calls were cancelled.
  absl::Duration abandon_after = absl::Seconds(10);
  // How it calls other skills; null: it cannot.
  std::shared_ptr<SkillCaller> caller;
  // What it logs; null: into the provider's logger alone.
  std::shared_ptr<ActorLog> log;
};

class NativeProvider final : public Provider, public CallOwner, public std::enable_shared_from_this<NativeProvider> {
 public:
  // Creates the actor. INVALID_ARGUMENT with its own words if it does not start.
  static absl::StatusOr<std::shared_ptr<NativeProvider>> Start(std::shared_ptr<const LibraryModule> module,
                                                               NativeActorOptions options,
                                                               std::shared_ptr<ActorExecutor> executor,
                                                               const Logger& logger);
  ~NativeProvider() override;

  Kind kind() const override { return Kind::kActor; }
  const std::string& name() const override { return options_.name; }
  bool available() const override { return available_.load(std::memory_order_relaxed); }
  int64_t outstanding() const override { return outstanding_.load(std::memory_order_relaxed); }
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override;
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override;

  // New calls get UNAVAILABLE from now on; the actor is told to come to an end. Idempotent.
  void BeginStop();
  // After BeginStop: lets running calls end until `deadline`, cancels the rest (UNAVAILABLE), waits until no thread is
  // in the actor's code, destroys the actor. If its handlers do not return within `abandon_after`, it is given up: it
  // stays where it is, is never destroyed, and the log says so. Idempotent; concurrent calls return when it is done.
  void FinishStop(absl::Time deadline);

 private:
  enum class State { kRunning, kStopping, kStopped };

  NativeProvider(std::shared_ptr<const LibraryModule> module, NativeActorOptions options,
                 std::shared_ptr<ActorExecutor> executor, const Logger& logger);

  void OnEnded(NativeCall& call) override;
  void OnReleased(NativeCall& call) override;
  void OnMisuse(const NativeCall& call, absl::string_view what) override;
  // Runs the handler on the calling thread if nobody is ahead of it.
  void OnRunHere(UnaryCall& call) override;
  void OnRunElsewhere(UnaryCall& call) override;

  // The method's index, or an error that tells why the actor cannot take the call.
  absl::StatusOr<size_t> Admit(const CallContext& context, bool streaming) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Gives the call its number and its timer, and counts it.
  void Enter(const std::shared_ptr<NativeCall>& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Has `call` wait for its turn on a thread of the executor.
  void Enqueue(const std::shared_ptr<UnaryCall>& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Runs the call whose turn it is.
  void RunNext();
  void StartDrainer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Runs what waits in the mailbox one at a time, for a while.
  void DrainMailbox(uint64_t drainer);
  // A handler blocks in the host: where it runs on the thread that drains the mailbox, another takes over.
  void OnSuspended();
  // The actor's handler. Under its lock.
  void RunUnary(UnaryCall& call);
  void RunStream(NativeCall& call, size_t method);
  // No thread is or will be in the actor's code for `call`; it was counted so often in inside_ and inside_lent_.
  void Leave(NativeCall& call, int inside, int lent);
  void Release(const NativeCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Runs `code` of the actor under its lock unless `call` is over; ends the call if an exception comes out of it.
  // Returns how often the thread is counted in inside_, for Leave.
  int InsideActor(NativeCall& call, absl::FunctionRef<void()> code);
  // The same by a thread that has entered the lock, which this leaves.
  void RunInside(NativeCall& call, absl::FunctionRef<void()> code);
  bool NoCalls() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return mailbox_.calls() + streams_.calls() == 0; }
  bool NoThreads() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return on_thread_ == 0; }
  bool Stopped() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return state_ == State::kStopped; }

  const std::shared_ptr<const LibraryModule> module_;
  const NativeActorOptions options_;
  const std::shared_ptr<ActorLog> log_;
  absl::flat_hash_map<std::string, size_t> methods_;
  paranet_instance* instance_ = nullptr;
  ActorLock lock_;
  CallTable calls_;
  const std::shared_ptr<OutgoingCalls> outgoing_;
  NativeHost host_;
  // While state_ is kRunning.
  std::atomic<bool> available_ = true;
  std::atomic<int64_t> outstanding_ = 0;

  mutable absl::Mutex mu_;
  State state_ ABSL_GUARDED_BY(mu_) = State::kRunning;
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  // Null once stopped, so that calls and catalogues that outlive us do not keep the threads.
  std::shared_ptr<ActorExecutor> executor_ ABSL_GUARDED_BY(mu_);
  // All unary calls that are not released, and those that wait for their turn.
  Mailbox mailbox_ ABSL_GUARDED_BY(mu_);
  // Streaming calls that are not released; none waits.
  Mailbox streams_ ABSL_GUARDED_BY(mu_);
  // Calls that Leave() was not called for.
  uint32_t on_thread_ ABSL_GUARDED_BY(mu_) = 0;
  // Threads in the actor's code, or waiting for its lock.
  int inside_ ABSL_GUARDED_BY(mu_) = 0;
  // Those of them that are not the executor's.
  int inside_lent_ ABSL_GUARDED_BY(mu_) = 0;
  // Of an actor that takes one call at a time: the run of DrainMailbox, now or soon, that goes on until nothing waits;
  // 0 if there is none.
  uint64_t drainer_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t last_drainer_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_NATIVE_PROVIDER_H_
