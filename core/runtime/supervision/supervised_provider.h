// An actor in a process of its own as a Provider: started, watched, started again, given up, stopped.
#ifndef PARANET_CORE_RUNTIME_SUPERVISION_SUPERVISED_PROVIDER_H_
#define PARANET_CORE_RUNTIME_SUPERVISION_SUPERVISED_PROVIDER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/payload.h"
#include "core/runtime/actor_log.h"
#include "core/runtime/actor_process.h"
#include "core/runtime/fair_queue.h"
#include "core/runtime/supervision/restart_policy.h"
#include "core/skill/provider.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

struct SupervisionOptions {
  // `weather@1.0.0`.
  std::string name;
  // `library`, `exec` or `python`.
  std::string code;
  // Unary calls that wait or run at the same time, of all callers and of one (0: see FairQueue); and the bytes of their
  // requests. More get RESOURCE_EXHAUSTED at once.
  uint32_t mailbox = 1'024;
  uint32_t per_caller = 0;
  uint64_t mailbox_bytes = uint64_t{256} << 20;
  // The same for streaming calls.
  uint32_t streams = 64;
  // A process that leaves questions after its health unanswered for so long is killed and replaced.
  absl::Duration hang_timeout = absl::Seconds(10);
  // A process with more resident memory is killed and replaced; 0: no limit.
  uint64_t memory_bytes = 0;
  RestartOptions restart;
  // What decides about restarts; null: the system's.
  std::shared_ptr<Clock> clock;
  std::shared_ptr<ActorLog> log;
  // As RuntimeOptions::changed; may be null.
  std::function<void()> changed;
};

// While there is no process, calls end with UNAVAILABLE at once, `unprocessed`, and say why. Calls in flight when it
// ends get UNAVAILABLE with the reason.
class SupervisedProvider final : public Provider, public std::enable_shared_from_this<SupervisedProvider> {
 public:
  // Starts the first process and waits until it is ready; its error is the result.
  static absl::StatusOr<std::shared_ptr<SupervisedProvider>> Start(SupervisionOptions options, StartActorProcess start);
  ~SupervisedProvider() override;

  Kind kind() const override { return Kind::kActor; }
  const std::string& name() const override { return options_.name; }
  bool available() const override { return available_.load(std::memory_order_acquire); }
  int64_t outstanding() const override { return outstanding_.load(std::memory_order_relaxed); }
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override;
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override;

  // New calls get UNAVAILABLE from now on; the process is told to come to an end. Idempotent.
  void BeginStop();
  // After BeginStop: lets running calls end until `deadline`; then the process, unless it has ended, is killed.
  // Idempotent; concurrent calls return when it is done.
  void FinishStop(absl::Time deadline);

  v1::ActorInfo Info() const;

 private:
  class CountedStream;
  using Mailbox = FairQueue<char>;
  // A process and who is just handing it a call.
  struct Run {
    std::unique_ptr<ActorProcess> process;
    // Guarded by the provider's mu_, as is what follows.
    int users = 0;
    // Why the provider has killed it; OK if it has not.
    absl::Status killed;
  };

  SupervisedProvider(SupervisionOptions options, StartActorProcess start);

  void Supervise();
  // One process from its start to its end; false if there is to be no other.
  bool RunOnce(bool first);
  // Until the process has ended or is to; why it failed, OK if it is to stop.
  absl::Status Watch(Run& run);
  void Retire();
  // Waits as the policy says; false if there is to be no other process.
  bool AfterFailure(absl::Time started, const absl::Status& reason);
  void SetState(v1::ActorInfo::State state);
  // The process that takes calls, counted as used; or why there is none.
  absl::StatusOr<std::shared_ptr<Run>> Use() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Unuse(Run& run);
  // What a call of `run` ended with; the reason of its end in the place of the signal.
  absl::Status Explain(const Run& run, absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool EndedOrStopping() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return ended_ || stopping_; }
  bool EndedOrKill() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return ended_ || kill_; }
  bool EndedOrIdle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return ended_ || outstanding_.load(std::memory_order_relaxed) == 0;
  }
  bool NoUsers() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return run_ == nullptr || run_->users == 0; }
  bool Joined() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return joined_; }

  const SupervisionOptions options_;
  const std::shared_ptr<Clock> clock_;
  const StartActorProcess start_;
  std::thread thread_;
  std::atomic<bool> available_ = false;
  std::atomic<int64_t> outstanding_ = 0;

  mutable absl::Mutex mu_;
  // Of the first start: whether it is decided, and how.
  bool first_done_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status first_status_ ABSL_GUARDED_BY(mu_);
  v1::ActorInfo::State state_ ABSL_GUARDED_BY(mu_) = v1::ActorInfo::STARTING;
  std::shared_ptr<Run> run_ ABSL_GUARDED_BY(mu_);
  // Counts processes: an end is that of the present one only with its number.
  uint64_t epoch_ ABSL_GUARDED_BY(mu_) = 0;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mu_);
  // When the oldest question that has no answer was asked.
  absl::Time unanswered_since_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  uint32_t restarts_ ABSL_GUARDED_BY(mu_) = 0;
  std::string last_error_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool kill_ ABSL_GUARDED_BY(mu_) = false;
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool joined_ ABSL_GUARDED_BY(mu_) = false;
  Mailbox mailbox_ ABSL_GUARDED_BY(mu_);
  Mailbox streams_ ABSL_GUARDED_BY(mu_);
  uint64_t mailbox_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  RestartPolicy policy_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_SUPERVISION_SUPERVISED_PROVIDER_H_
