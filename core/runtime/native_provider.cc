#include "core/runtime/native_provider.h"

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/runtime/stream_call.h"
#include "grpcpp/support/slice.h"

namespace paranet {
namespace {

constexpr size_t kErrorSize = 1024;
// Calls after which DrainQueue makes room for other actors.
constexpr int kDrainAtOnce = 64;

// Handlers within handlers on one thread, each with a frame of an actor's own on the stack.
constexpr int kMaxNested = 16;
thread_local int t_nested = 0;

// The run of DrainMailbox that this thread is in.
struct Drainer {
  const NativeProvider* provider = nullptr;
  uint64_t drainer = 0;
};
thread_local Drainer t_drainer;

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

// To the caller, what has ended is a call all the same.
class EndedCall final : public CallHandle {
 public:
  void Cancel() override {}
};

}  // namespace

NativeProvider::NativeProvider(std::shared_ptr<const LibraryModule> module, NativeActorOptions options,
                               std::shared_ptr<ActorExecutor> executor, const Logger& logger)
    : module_(std::move(module)),
      options_(std::move(options)),
      log_(options_.log != nullptr ? options_.log : std::make_shared<ActorLog>(options_.name, logger)),
      lock_(!options_.concurrent, [this] { OnSuspended(); }),
      calls_(options_.mailbox + options_.streams),
      outgoing_(std::make_shared<OutgoingCalls>(options_.name, options_.caller, executor, &lock_, log_.get())),
      host_({.config = &options_.config,
             .calls = &calls_,
             .lock = &lock_,
             .outgoing = outgoing_.get(),
             .log = log_.get()}),
      executor_(std::move(executor)),
      mailbox_({.actor = options_.name, .limit = options_.mailbox, .per_caller = options_.per_caller}),
      streams_({.actor = options_.name, .what = "streaming calls", .limit = options_.streams}) {
  for (size_t i = 0; i < module_->methods().size(); ++i) methods_.emplace(module_->methods()[i].path, i);
}

absl::StatusOr<std::shared_ptr<NativeProvider>> NativeProvider::Start(std::shared_ptr<const LibraryModule> module,
                                                                      NativeActorOptions options,
                                                                      std::shared_ptr<ActorExecutor> executor,
                                                                      const Logger& logger) {
  auto provider = std::shared_ptr<NativeProvider>(
      new NativeProvider(std::move(module), std::move(options), std::move(executor), logger));
  std::vector<paranet_option> config;
  for (const auto& [key, value] : provider->options_.config) config.push_back({Text(key), Text(value)});
  char error[kErrorSize] = "";
  try {
    provider->instance_ = provider->module_->table().create(provider->host_.table(), Text(provider->options_.id),
                                                            config.data(), config.size(), error, sizeof(error));
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(provider->name(), " did not start: exception: ", e.what()));
  } catch (...) {
    return absl::InvalidArgumentError(absl::StrCat(provider->name(), " did not start: it threw an exception"));
  }
  if (provider->instance_ == nullptr) {
    error[sizeof(error) - 1] = '\0';
    return absl::InvalidArgumentError(
        absl::StrCat(provider->name(), " did not start: ", error[0] == '\0' ? "it gave no reason" : error));
  }
  return provider;
}

NativeProvider::~NativeProvider() {
  // No call is left, because calls own us; but nobody may have stopped us.
  BeginStop();
  FinishStop(absl::InfinitePast());
}

absl::StatusOr<size_t> NativeProvider::Admit(const CallContext& context, bool streaming) {
  if (state_ != State::kRunning) return absl::UnavailableError(absl::StrCat("actor ", options_.name, " is stopping"));
  const auto method = methods_.find(context.skill->path);
  if (method == methods_.end() || streaming != (context.skill->shape != SkillShape::kUnary)) {
    return absl::UnimplementedError(absl::StrCat("actor ", options_.name, " does not serve ", context.skill->path,
                                                 streaming ? " as a streaming call" : " as a unary call"));
  }
  if (context.deadline != absl::InfiniteFuture() && context.deadline <= absl::Now()) {
    return absl::DeadlineExceededError(
        absl::StrCat("the deadline had passed when the call reached actor ", options_.name));
  }
  return method->second;
}

void NativeProvider::Enter(const std::shared_ptr<NativeCall>& call) {
  call->set_handle(calls_.Insert(call));
  outstanding_.fetch_add(1, std::memory_order_relaxed);
  ++on_thread_;
  if (call->context().deadline == absl::InfiniteFuture()) return;
  call->SetTimer(executor_->timer().Add(call->context().deadline, [weak = call->weak_from_this()] {
    if (const std::shared_ptr<NativeCall> late = weak.lock()) {
      late->Abort(absl::DeadlineExceededError("the actor has not answered by the call's deadline"));
    }
  }));
}

std::shared_ptr<CallHandle> NativeProvider::CallUnary(CallContext context, Payload request, UnaryDone done) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    const absl::StatusOr<size_t> method = Admit(context, false);
    absl::StatusOr<Mailbox::Caller*> place = nullptr;
    if (method.ok()) place = mailbox_.Admit(context.caller);
    if (method.ok() && place.ok()) {
      const bool run_here = context.run_here;
      auto call =
          std::make_shared<UnaryCall>(std::move(context), std::move(request), std::move(done), shared_from_this());
      call->set_method(*method);
      call->set_place(*place);
      Enter(call);
      if (!run_here) Enqueue(call);
      return call;
    }
    refused = method.ok() ? place.status() : method.status();
  }
  std::move(done)(UnaryResult{.status = std::move(refused), .unprocessed = true});
  return std::make_shared<EndedCall>();
}

void NativeProvider::Enqueue(const std::shared_ptr<UnaryCall>& call) {
  mailbox_.Push(call->place(), call);
  if (options_.concurrent) {
    executor_->Run([self = shared_from_this()] { self->RunNext(); });
  } else if (drainer_ == 0) {
    StartDrainer();
  }
}

void NativeProvider::OnRunHere(UnaryCall& call) {
  const std::shared_ptr<UnaryCall> self = std::static_pointer_cast<UnaryCall>(call.shared_from_this());
  bool run = false;
  int lent = 0;
  {
    absl::MutexLock lock(&mu_);
    if (executor_ != nullptr) {
      // What waits comes first. Where handlers run one at a time, one of them may be running.
      run = t_nested < kMaxNested && (options_.concurrent || (mailbox_.waiting() == 0 && lock_.TryEnter()));
      if (!run) return Enqueue(self);
      ++inside_;
      lent = executor_->RunsHere() ? 0 : 1;
      inside_lent_ += lent;
    }
  }
  if (run) {
    ++t_nested;
    RunInside(call, [&] { RunUnary(call); });
    --t_nested;
  }
  Leave(call, run ? 1 : 0, lent);
}

void NativeProvider::OnRunElsewhere(UnaryCall& call) {
  {
    absl::MutexLock lock(&mu_);
    if (executor_ != nullptr) return Enqueue(std::static_pointer_cast<UnaryCall>(call.shared_from_this()));
  }
  Leave(call, 0, 0);
}

void NativeProvider::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<StreamCall> call;
  absl::StatusOr<size_t> method = size_t{0};
  {
    absl::MutexLock lock(&mu_);
    method = Admit(context, true);
    absl::StatusOr<Mailbox::Caller*> place = nullptr;
    if (method.ok()) place = streams_.Admit(context.caller);
    if (!place.ok()) method = place.status();
    if (method.ok()) {
      call = std::make_shared<StreamCall>(std::move(context), stream, shared_from_this());
      call->set_place(*place);
      Enter(call);
    }
  }
  if (!method.ok()) {
    stream->Finish(method.status(), {});
    return;
  }
  call->Begin();
  bool started = false;
  {
    absl::MutexLock lock(&mu_);
    started = executor_ != nullptr && executor_->RunLong([self = shared_from_this(), call, method = *method] {
      self->RunStream(*call, method);
    });
  }
  if (started) return;
  call->Abort(absl::ResourceExhaustedError(
      absl::StrCat("the node has no thread left for a streaming call to actor ", options_.name, "; try again later")));
  Leave(*call, 0, 0);
}

void NativeProvider::Leave(NativeCall& call, int inside, int lent) {
  const bool released = call.DropThread();
  if (released) calls_.Erase(call.handle());
  absl::MutexLock lock(&mu_);
  --on_thread_;
  inside_ -= inside;
  inside_lent_ -= lent;
  if (released) Release(call);
}

void NativeProvider::Release(const NativeCall& call) {
  (call.context().skill->shape == SkillShape::kUnary ? mailbox_ : streams_).Release(call.place());
}

void NativeProvider::OnEnded(NativeCall& call) {
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  if (call.context().deadline == absl::InfiniteFuture()) return;
  const DeadlineTimer::Id timer = call.timer();
  absl::MutexLock lock(&mu_);
  if (executor_ != nullptr) executor_->timer().Cancel(timer);
}

void NativeProvider::OnReleased(NativeCall& call) {
  calls_.Erase(call.handle());
  absl::MutexLock lock(&mu_);
  Release(call);
}

void NativeProvider::OnMisuse(const NativeCall& call, absl::string_view what) {
  log_->Write(ActorLog::Level::kError, absl::StrCat("the actor's code called ", what, " for ",
                                                    call.context().skill->path, "; that was ignored"));
}

void NativeProvider::RunNext() {
  std::optional<std::shared_ptr<UnaryCall>> call;
  {
    absl::MutexLock lock(&mu_);
    call = mailbox_.Pop();
  }
  // There is none if the actor was stopped meanwhile.
  if (!call.has_value()) return;
  Leave(**call, InsideActor(**call, [&] { RunUnary(**call); }), 0);
}

void NativeProvider::StartDrainer() {
  drainer_ = ++last_drainer_;
  executor_->Run([self = shared_from_this(), drainer = drainer_] { self->DrainMailbox(drainer); });
}

void NativeProvider::DrainMailbox(uint64_t drainer) {
  for (int i = 0;; ++i) {
    std::shared_ptr<UnaryCall> call;
    {
      absl::MutexLock lock(&mu_);
      if (drainer_ != drainer) return;
      if (mailbox_.waiting() == 0 || executor_ == nullptr) {
        drainer_ = 0;
        return;
      }
      if (i == kDrainAtOnce) return StartDrainer();
      call = *mailbox_.Pop();
    }
    t_drainer = {this, drainer};
    const int inside = InsideActor(*call, [&] { RunUnary(*call); });
    t_drainer = {};
    Leave(*call, inside, 0);
  }
}

void NativeProvider::OnSuspended() {
  if (t_drainer.provider != this) return;
  const uint64_t drainer = std::exchange(t_drainer, {}).drainer;
  absl::MutexLock lock(&mu_);
  if (drainer_ != drainer) return;
  drainer_ = 0;
  if (mailbox_.waiting() != 0 && executor_ != nullptr) StartDrainer();
}

void NativeProvider::RunUnary(UnaryCall& call) {
  grpc::Slice request;
  if (!call.Begin(&request)) return;
  module_->table().unary(instance_, call.method(), call.handle(), {request.begin(), request.size()});
}

void NativeProvider::RunStream(NativeCall& call, size_t method) {
  const int inside = InsideActor(call, [&] {
    if (!call.over()) module_->table().stream(instance_, method, call.handle());
  });
  // Where the actor has finished the call, as it should, this changes nothing.
  if (!call.over()) {
    call.Abort(absl::InternalError(
        absl::StrCat("actor ", options_.name, " returned from ", call.context().skill->path, " without a status")));
  }
  Leave(call, inside, 0);
}

int NativeProvider::InsideActor(NativeCall& call, absl::FunctionRef<void()> code) {
  if (call.over()) return 0;
  {
    absl::MutexLock lock(&mu_);
    ++inside_;
  }
  lock_.Enter();
  RunInside(call, code);
  return 1;
}

void NativeProvider::RunInside(NativeCall& call, absl::FunctionRef<void()> code) {
  std::string exception;
  try {
    code();
  } catch (const std::exception& e) {
    exception = absl::StrCat("exception: ", e.what());
  } catch (...) {
    exception = "exception of unknown type";
  }
  lock_.Leave();
  if (exception.empty()) return;
  log_->Write(ActorLog::Level::kError,
              absl::StrCat(exception, " came out of the actor's code for ", call.context().skill->path));
  call.Abort(absl::InternalError(absl::StrCat("actor ", options_.name, " failed with an ", exception)));
}

void NativeProvider::BeginStop() {
  {
    absl::MutexLock lock(&mu_);
    if (state_ != State::kRunning) return;
    state_ = State::kStopping;
    available_.store(false, std::memory_order_relaxed);
  }
  if (instance_ == nullptr || module_->table().stop == nullptr) return;
  try {
    module_->table().stop(instance_);
  } catch (...) {
    log_->Write(ActorLog::Level::kError, "an exception came out of the actor's stop function");
  }
}

void NativeProvider::FinishStop(absl::Time deadline) {
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(finishing_, true)) {
      mu_.Await(absl::Condition(this, &NativeProvider::Stopped));
      return;
    }
    mu_.AwaitWithDeadline(absl::Condition(this, &NativeProvider::NoCalls), deadline);
  }
  for (const std::shared_ptr<NativeCall>& call : calls_.All()) {
    call->Abort(absl::UnavailableError(absl::StrCat("actor ", options_.name, " was stopped")));
  }
  outgoing_->Close();
  const absl::Time abandon_at = absl::Now() + options_.abandon_after;
  bool left = false;
  std::shared_ptr<ActorExecutor> executor;
  std::vector<std::shared_ptr<UnaryCall>> never_run;
  {
    absl::MutexLock lock(&mu_);
    left = mu_.AwaitWithDeadline(absl::Condition(this, &NativeProvider::NoThreads), abandon_at);
    executor = std::move(executor_);
    executor_ = nullptr;
    while (std::optional<std::shared_ptr<UnaryCall>> call = mailbox_.Pop()) never_run.push_back(*std::move(call));
    if (!left) {
      log_->Write(ActorLog::Level::kError,
                  absl::StrCat(inside_,
                               " handlers do not return although their calls are over; the actor is given up "
                               "and stays in memory until the node ends"));
      executor->Abandon(inside_ - inside_lent_);
    }
  }
  if (left && !outgoing_->AwaitNone(abandon_at)) {
    left = false;
    log_->Write(ActorLog::Level::kError,
                "a function that was to get the result of a call does not return; the actor is given up and stays in "
                "memory until the node ends");
  }
  for (const std::shared_ptr<UnaryCall>& call : never_run) Leave(*call, 0, 0);
  if (left && instance_ != nullptr) {
    try {
      module_->table().destroy(instance_);
    } catch (...) {
      log_->Write(ActorLog::Level::kError, "an exception came out of the actor's destroy function");
    }
    instance_ = nullptr;
  }
  absl::MutexLock lock(&mu_);
  state_ = State::kStopped;
}

}  // namespace paranet
