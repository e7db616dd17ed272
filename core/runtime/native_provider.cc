#include "core/runtime/native_provider.h"

#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "core/runtime/stream_call.h"
#include "grpcpp/support/slice.h"

namespace paranet {
namespace {

constexpr size_t kErrorSize = 1024;
// Calls after which DrainQueue makes room for other actors.
constexpr int kDrainAtOnce = 64;

absl::string_view View(paranet_text text) { return {text.data == nullptr ? "" : text.data, text.size}; }
absl::string_view View(paranet_bytes bytes) {
  return {bytes.data == nullptr ? "" : static_cast<const char*>(bytes.data), bytes.size};
}
paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

absl::Status MakeStatus(int32_t code, paranet_text message) {
  if (code == 0) return absl::OkStatus();
  const bool known = code > 0 && code <= static_cast<int32_t>(absl::StatusCode::kUnauthenticated);
  return absl::Status(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown, View(message));
}

spdlog::level::level_enum LogLevel(int32_t level) {
  switch (level) {
    case PARANET_LOG_DEBUG:
      return spdlog::level::debug;
    case PARANET_LOG_INFO:
      return spdlog::level::info;
    case PARANET_LOG_WARNING:
      return spdlog::level::warn;
    default:
      return spdlog::level::err;
  }
}

}  // namespace

// The functions behind paranet_host; abi.h specifies them.
struct NativeProvider::HostFunctions {
  static NativeProvider& Of(const paranet_host* host) { return *static_cast<const Host*>(host)->provider; }
  static std::shared_ptr<NativeCall> Find(const paranet_host* host, paranet_call call) {
    return Of(host).calls_.Find(call);
  }

  static void Log(const paranet_host* host, int32_t level, paranet_text text) {
    const NativeProvider& provider = Of(host);
    provider.logger_->log(LogLevel(level), "{}: {}", provider.options_.name,
                          absl::StrReplaceAll(View(text), {{"\n", "\\n"}, {"\r", "\\r"}}));
  }

  static int32_t Config(const paranet_host* host, paranet_text key, paranet_text* value) {
    const std::map<std::string, std::string>& config = Of(host).options_.config;
    const auto found = config.find(std::string(View(key)));
    if (found == config.end()) return 0;
    *value = Text(found->second);
    return 1;
  }

  // The texts live in the call, which the thread that runs the handler keeps alive.
  static paranet_text Caller(const paranet_host* host, paranet_call call) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found == nullptr ? paranet_text{nullptr, 0} : Text(found->context().caller);
  }

  static int32_t GetMetadata(const paranet_host* host, paranet_call call, paranet_text key, size_t index,
                             paranet_text* value) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    if (found == nullptr) return 0;
    for (const auto& [name, text] : found->context().metadata) {
      if (name != View(key) || index-- > 0) continue;
      *value = Text(text);
      return 1;
    }
    return 0;
  }

  static int64_t Deadline(const paranet_host* host, paranet_call call) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return absl::ToUnixMicros(found == nullptr ? absl::InfiniteFuture() : found->context().deadline);
  }

  static int32_t IsCancelled(const paranet_host* host, paranet_call call) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found == nullptr || found->over() ? 1 : 0;
  }

  static int32_t Wait(const paranet_host* host, paranet_call call, int64_t micros) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->Wait(Of(host).lock_, absl::Microseconds(micros)) ? 1 : 0;
  }

  static int32_t AddTrailer(const paranet_host* host, paranet_call call, paranet_text key, paranet_text value) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->AddTrailer(View(key), View(value)) ? 1 : 0;
  }

  static void Respond(const paranet_host* host, paranet_call call, int32_t code, paranet_text message,
                      paranet_bytes response) {
    if (const std::shared_ptr<NativeCall> found = Find(host, call)) {
      found->Respond(MakeStatus(code, message), View(response));
    }
  }

  static int32_t Read(const paranet_host* host, paranet_call call, paranet_bytes* message) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->Read(Of(host).lock_, message) ? 1 : 0;
  }

  static int32_t Write(const paranet_host* host, paranet_call call, paranet_bytes message) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->Write(Of(host).lock_, View(message)) ? 1 : 0;
  }

  static void Finish(const paranet_host* host, paranet_call call, int32_t code, paranet_text message) {
    if (const std::shared_ptr<NativeCall> found = Find(host, call)) found->Finish(MakeStatus(code, message));
  }
};

NativeProvider::NativeProvider(std::shared_ptr<const LibraryModule> module, NativeActorOptions options,
                               std::shared_ptr<ActorExecutor> executor, Logger logger)
    : module_(std::move(module)),
      options_(std::move(options)),
      logger_(std::move(logger)),
      lock_(!options_.concurrent),
      calls_(options_.mailbox + options_.streams),
      executor_(std::move(executor)) {
  for (size_t i = 0; i < module_->methods().size(); ++i) methods_.emplace(module_->methods()[i].path, i);
  host_.struct_size = sizeof(paranet_host);
  host_.abi_version = PARANET_ABI_VERSION;
  host_.log = &HostFunctions::Log;
  host_.config = &HostFunctions::Config;
  host_.caller = &HostFunctions::Caller;
  host_.metadata = &HostFunctions::GetMetadata;
  host_.deadline = &HostFunctions::Deadline;
  host_.is_cancelled = &HostFunctions::IsCancelled;
  host_.wait = &HostFunctions::Wait;
  host_.add_trailer = &HostFunctions::AddTrailer;
  host_.respond = &HostFunctions::Respond;
  host_.read = &HostFunctions::Read;
  host_.write = &HostFunctions::Write;
  host_.finish = &HostFunctions::Finish;
  host_.provider = this;
}

absl::StatusOr<std::shared_ptr<NativeProvider>> NativeProvider::Start(std::shared_ptr<const LibraryModule> module,
                                                                      NativeActorOptions options,
                                                                      std::shared_ptr<ActorExecutor> executor,
                                                                      Logger logger) {
  auto provider = std::shared_ptr<NativeProvider>(
      new NativeProvider(std::move(module), std::move(options), std::move(executor), std::move(logger)));
  std::vector<paranet_option> config;
  for (const auto& [key, value] : provider->options_.config) config.push_back({Text(key), Text(value)});
  char error[kErrorSize] = "";
  try {
    provider->instance_ = provider->module_->table().create(&provider->host_, Text(provider->options_.id),
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

bool NativeProvider::available() const {
  absl::MutexLock lock(&mu_);
  return state_ == State::kRunning;
}

absl::StatusOr<size_t> NativeProvider::Admit(const CallContext& context, bool streaming) const {
  if (state_ != State::kRunning) return absl::UnavailableError(absl::StrCat("actor ", options_.name, " is stopping"));
  const uint32_t calls = streaming ? stream_calls_ : unary_calls_;
  const uint32_t limit = streaming ? options_.streams : options_.mailbox;
  if (calls >= limit) {
    return absl::ResourceExhaustedError(absl::StrCat("actor ", options_.name, " already has ", limit,
                                                     streaming ? " streaming calls" : " calls waiting or running",
                                                     ", its limit; try again later"));
  }
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
  // What has ended is a call all the same to the caller.
  struct EndedCall final : CallHandle {
    void Cancel() override {}
  };
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    absl::StatusOr<size_t> method = Admit(context, false);
    if (method.ok()) {
      auto call = std::make_shared<UnaryCall>(std::move(context), request, std::move(done), shared_from_this());
      Enter(call);
      ++unary_calls_;
      if (options_.concurrent) {
        executor_->Run([self = shared_from_this(), call, method = *method] { self->RunUnary(*call, method); });
      } else {
        queue_.emplace_back(call, *method);
        if (!std::exchange(draining_, true)) executor_->Run([self = shared_from_this()] { self->DrainQueue(); });
      }
      return call;
    }
    refused = method.status();
  }
  std::move(done)(UnaryResult{.status = std::move(refused), .unprocessed = true});
  return std::make_shared<EndedCall>();
}

void NativeProvider::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<StreamCall> call;
  absl::StatusOr<size_t> method = size_t{0};
  {
    absl::MutexLock lock(&mu_);
    method = Admit(context, true);
    if (method.ok()) {
      call = std::make_shared<StreamCall>(std::move(context), stream, shared_from_this());
      Enter(call);
      ++stream_calls_;
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
  Leave(*call);
}

void NativeProvider::Leave(NativeCall& call) {
  call.LeaveThread();
  absl::MutexLock lock(&mu_);
  --on_thread_;
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
  --(call.context().skill->shape == SkillShape::kUnary ? unary_calls_ : stream_calls_);
}

void NativeProvider::OnMisuse(const NativeCall& call, absl::string_view what) {
  logger_->error("{}: the actor's code called {} for {}; that was ignored", options_.name, what,
                 call.context().skill->path);
}

void NativeProvider::DrainQueue() {
  for (int i = 0; i < kDrainAtOnce; ++i) {
    std::pair<std::shared_ptr<UnaryCall>, size_t> next;
    {
      absl::MutexLock lock(&mu_);
      if (queue_.empty()) {
        draining_ = false;
        return;
      }
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    RunUnary(*next.first, next.second);
  }
  absl::MutexLock lock(&mu_);
  draining_ = !queue_.empty() && executor_ != nullptr;
  if (draining_) executor_->Run([self = shared_from_this()] { self->DrainQueue(); });
}

void NativeProvider::RunUnary(UnaryCall& call, size_t method) {
  InsideActor(call, [&] {
    grpc::Slice request;
    if (!call.Begin(&request)) return;
    module_->table().unary(instance_, method, call.handle(), {request.begin(), request.size()});
  });
  Leave(call);
}

void NativeProvider::RunStream(NativeCall& call, size_t method) {
  InsideActor(call, [&] {
    if (!call.over()) module_->table().stream(instance_, method, call.handle());
  });
  // Where the actor has finished the call, as it should, this changes nothing.
  if (!call.over()) {
    call.Abort(absl::InternalError(
        absl::StrCat("actor ", options_.name, " returned from ", call.context().skill->path, " without a status")));
  }
  Leave(call);
}

void NativeProvider::InsideActor(NativeCall& call, absl::FunctionRef<void()> code) {
  if (call.over()) return;
  {
    absl::MutexLock lock(&mu_);
    ++inside_;
  }
  lock_.Enter();
  std::string exception;
  try {
    code();
  } catch (const std::exception& e) {
    exception = absl::StrCat("exception: ", e.what());
  } catch (...) {
    exception = "exception of unknown type";
  }
  lock_.Leave();
  {
    absl::MutexLock lock(&mu_);
    --inside_;
  }
  if (exception.empty()) return;
  logger_->error("{}: {} came out of the actor's code for {}", options_.name, exception, call.context().skill->path);
  call.Abort(absl::InternalError(absl::StrCat("actor ", options_.name, " failed with an ", exception)));
}

void NativeProvider::BeginStop() {
  {
    absl::MutexLock lock(&mu_);
    if (state_ != State::kRunning) return;
    state_ = State::kStopping;
  }
  if (instance_ == nullptr || module_->table().stop == nullptr) return;
  try {
    module_->table().stop(instance_);
  } catch (...) {
    logger_->error("{}: an exception came out of the actor's stop function", options_.name);
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
  bool left = false;
  std::shared_ptr<ActorExecutor> executor;
  std::deque<std::pair<std::shared_ptr<UnaryCall>, size_t>> never_run;
  {
    absl::MutexLock lock(&mu_);
    left = mu_.AwaitWithTimeout(absl::Condition(this, &NativeProvider::NoThreads), options_.abandon_after);
    executor = std::move(executor_);
    executor_ = nullptr;
    never_run.swap(queue_);
    if (!left) {
      logger_->error(
          "{}: {} handlers do not return although their calls are over; the actor is given up and stays in "
          "memory until the node ends",
          options_.name, inside_);
      executor->Abandon(inside_);
    }
  }
  for (const auto& [call, method] : never_run) Leave(*call);
  if (left && instance_ != nullptr) {
    try {
      module_->table().destroy(instance_);
    } catch (...) {
      logger_->error("{}: an exception came out of the actor's destroy function", options_.name);
    }
    instance_ = nullptr;
  }
  absl::MutexLock lock(&mu_);
  state_ = State::kStopped;
}

}  // namespace paranet
