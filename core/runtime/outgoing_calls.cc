#include "core/runtime/outgoing_calls.h"

#include <algorithm>
#include <limits>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/payload.h"
#include "grpcpp/support/slice.h"

namespace paranet {
namespace {

// Stands for a stream that was refused because there are too many: no number of a real one.
constexpr paranet_outgoing kTooMany = std::numeric_limits<paranet_outgoing>::max();

// What call_and_wait and outcome have handed out on this thread.
struct Kept {
  grpc::Slice response;
  std::string text;
};
Kept& KeptOfThread() {
  static thread_local Kept kept;
  return kept;
}

// What belongs to the call as a whole and not to one leg of it (W3C Trace Context and Baggage).
bool IsTrace(absl::string_view key) { return key == "traceparent" || key == "tracestate" || key == "baggage"; }

paranet_bytes Bytes(const grpc::Slice& slice) { return {slice.begin(), slice.size()}; }

int32_t Keep(const absl::Status& status, const Payload& response, paranet_bytes* result) {
  Kept& kept = KeptOfThread();
  if (status.ok()) {
    kept.response = SingleSlice(response);
    *result = Bytes(kept.response);
    return 0;
  }
  kept.text = std::string(status.message());
  *result = {kept.text.data(), kept.text.size()};
  return static_cast<int32_t>(status.code());
}

absl::Status TooMany(absl::string_view actor, size_t limit, absl::string_view what) {
  return absl::ResourceExhaustedError(
      absl::StrCat(actor, " already has ", limit, " ", what, " under way, its limit; try again later"));
}

// Where the thread of call_and_wait waits. Made on that thread.
class Waiter {
 public:
  UnaryDone Done() {
    return [this](UnaryResult&& result) {
      // Without the mutex where the handler ran on the thread that waits.
      if (std::this_thread::get_id() == thread_) {
        set_ = true;
        return Set(result);
      }
      absl::MutexLock lock(&mu_);
      Set(result);
      done_ = true;
    };
  }
  UnaryResult& Wait() {
    if (set_) return result_;
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(&done_));
    return result_;
  }

 private:
  void Set(UnaryResult& result) {
    result_.status = std::move(result.status);
    result_.response.Swap(&result.response);
  }

  const std::thread::id thread_ = std::this_thread::get_id();
  UnaryResult result_;
  // By the thread that waits.
  bool set_ = false;
  absl::Mutex mu_;
  // By another.
  bool done_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

struct OutgoingCalls::Unary {
  const paranet_done done;
  void* const user;
  Parent parent;
  uint64_t id = 0;
};

OutgoingCalls::OutgoingCalls(absl::string_view actor, std::shared_ptr<SkillCaller> caller,
                             std::shared_ptr<ActorExecutor> executor, ActorLock* lock, ActorLog* log)
    : name_(absl::StrCat("actor:", actor)),
      caller_(std::move(caller)),
      lock_(*lock),
      log_(*log),
      executor_(std::move(executor)) {}

OutgoingCalls::~OutgoingCalls() { Close(); }

CallOrigin OutgoingCalls::MakeOrigin(const Parent& parent, absl::Time deadline) const {
  if (parent.call == nullptr) return {.caller = name_, .deadline = deadline};
  const CallContext& context = parent.call->context();
  CallOrigin origin{.caller = context.caller, .deadline = std::min(deadline, context.deadline), .hops = context.hops};
  for (const auto& [key, value] : context.metadata) {
    if (IsTrace(key)) origin.metadata.emplace_back(key, value);
  }
  return origin;
}

absl::Status OutgoingCalls::CheckOpen(const Parent& parent) const {
  if (closed_) return absl::UnavailableError(absl::StrCat(name_, " is stopping: it makes no calls any more"));
  if (caller_ == nullptr) return absl::UnavailableError(absl::StrCat(name_, " runs where no other skills are"));
  if (parent.over()) return absl::CancelledError("the call on whose behalf this one was made is over");
  return absl::OkStatus();
}

bool OutgoingCalls::Link(const Parent& parent, uint64_t id, const std::shared_ptr<CallHandle>& handle) {
  if (parent.call != nullptr) return parent.call->AddChild(id, handle);
  absl::MutexLock lock(&mu_);
  if (closed_) return false;
  handles_.emplace(id, handle);
  return true;
}

void OutgoingCalls::Unlink(const Parent& parent, uint64_t id) {
  if (parent.call != nullptr) return parent.call->RemoveChild(id);
  std::shared_ptr<CallHandle> removed;
  absl::MutexLock lock(&mu_);
  const auto found = handles_.find(id);
  if (found == handles_.end()) return;
  removed = std::move(found->second);
  handles_.erase(found);
}

void OutgoingCalls::Call(const Parent& parent, absl::string_view skill, absl::Time deadline, absl::string_view request,
                         paranet_done done, void* user) {
  auto call = std::make_shared<Unary>(Unary{.done = done, .user = user, .parent = parent});
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    refused = pending_ < kMaxCalls ? CheckOpen(parent) : TooMany(name_, kMaxCalls, "calls");
    ++pending_;
    call->id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  if (!refused.ok()) return Deliver(call, {.status = std::move(refused), .unprocessed = true});
  // Linked for as long as it has not ended; `ended` settles which of the two comes first.
  struct LinkState {
    absl::Mutex mu;
    bool ended ABSL_GUARDED_BY(mu) = false;
  };
  auto link = std::make_shared<LinkState>();
  const std::shared_ptr<CallHandle> handle =
      caller_->CallUnary(skill, MakeOrigin(parent, deadline), MakePayload(request),
                         [self = shared_from_this(), call, link](UnaryResult result) {
                           {
                             absl::MutexLock lock(&link->mu);
                             link->ended = true;
                             self->Unlink(call->parent, call->id);
                           }
                           self->Deliver(call, std::move(result));
                         });
  bool cancel = false;
  {
    absl::MutexLock lock(&link->mu);
    if (link->ended) return;
    cancel = !Link(parent, call->id, handle);
  }
  if (cancel) handle->Cancel();
}

int32_t OutgoingCalls::CallAndWait(const Parent& parent, absl::string_view skill, absl::Time deadline,
                                   absl::string_view request, paranet_bytes* result) {
  const uint64_t id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (const absl::Status refused = CheckOpen(parent); !refused.ok()) return Keep(refused, Payload(), result);
  CallOrigin origin = MakeOrigin(parent, deadline);
  origin.run_here = true;
  Waiter waiter;
  const std::shared_ptr<CallHandle> handle =
      caller_->CallUnary(skill, std::move(origin), MakePayload(request), waiter.Done());
  if (!Link(parent, id, handle)) handle->Cancel();
  UnaryResult* ended = nullptr;
  {
    const ActorLock::Suspended suspended(lock_);
    handle->RunHere();
    ended = &waiter.Wait();
  }
  Unlink(parent, id);
  return Keep(ended->status, ended->response, result);
}

void OutgoingCalls::Deliver(const std::shared_ptr<Unary>& call, UnaryResult result) {
  std::shared_ptr<ActorExecutor> executor;
  if (lock_.HeldHere()) {
    absl::MutexLock lock(&mu_);
    executor = executor_;
  }
  if (executor == nullptr) return RunDone(*call, result);
  executor->Run([self = shared_from_this(), call, result = std::move(result)] { self->RunDone(*call, result); });
}

void OutgoingCalls::RunDone(Unary& call, const UnaryResult& result) {
  const absl::string_view message = result.status.message();
  const grpc::Slice response = result.status.ok() ? SingleSlice(result.response) : grpc::Slice();
  try {
    call.done(call.user, static_cast<int32_t>(result.status.code()), {message.data(), message.size()}, Bytes(response));
  } catch (...) {
    log_.Write(ActorLog::Level::kError, "an exception came out of the function that was to get a call's result");
  }
  absl::MutexLock lock(&mu_);
  --pending_;
}

paranet_outgoing OutgoingCalls::Open(const Parent& parent, absl::string_view skill, absl::Time deadline) {
  auto stream = std::make_shared<OutgoingStream>();
  paranet_outgoing id = 0;
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    if (streams_.size() >= kMaxStreams) return kTooMany;
    refused = CheckOpen(parent);
    id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
    streams_.emplace(id, StreamEntry{stream, parent});
  }
  if (!refused.ok()) {
    stream->End(std::move(refused));
    return id;
  }
  if (!Link(parent, id, stream)) stream->Cancel();
  caller_->CallStream(skill, MakeOrigin(parent, deadline), stream->TakeServerEnd());
  return id;
}

std::shared_ptr<OutgoingStream> OutgoingCalls::FindStream(paranet_outgoing outgoing) {
  absl::MutexLock lock(&mu_);
  const auto found = streams_.find(outgoing);
  return found == streams_.end() ? nullptr : found->second.stream;
}

bool OutgoingCalls::Send(paranet_outgoing outgoing, absl::string_view message) {
  const std::shared_ptr<OutgoingStream> stream = FindStream(outgoing);
  return stream != nullptr && stream->Send(lock_, message);
}

void OutgoingCalls::CloseSend(paranet_outgoing outgoing) {
  if (const std::shared_ptr<OutgoingStream> stream = FindStream(outgoing)) stream->CloseSend();
}

bool OutgoingCalls::Receive(paranet_outgoing outgoing, paranet_bytes* message) {
  const std::shared_ptr<OutgoingStream> stream = FindStream(outgoing);
  return stream != nullptr && stream->Receive(lock_, message);
}

int32_t OutgoingCalls::Outcome(paranet_outgoing outgoing, paranet_text* message) {
  absl::Status status;
  if (outgoing == kTooMany) {
    status = TooMany(name_, kMaxStreams, "streaming calls");
  } else if (const std::shared_ptr<OutgoingStream> stream = FindStream(outgoing)) {
    status = stream->Outcome(lock_);
    StreamEntry entry;
    {
      absl::MutexLock lock(&mu_);
      const auto found = streams_.find(outgoing);
      if (found != streams_.end()) {
        entry = std::move(found->second);
        streams_.erase(found);
      }
    }
    if (entry.stream != nullptr) Unlink(entry.parent, outgoing);
  } else {
    status = absl::FailedPreconditionError("there is no such outgoing call: was its outcome asked for before?");
  }
  Kept& kept = KeptOfThread();
  kept.text = std::string(status.message());
  *message = {kept.text.data(), kept.text.size()};
  return static_cast<int32_t>(status.code());
}

void OutgoingCalls::Cancel(paranet_outgoing outgoing) {
  if (const std::shared_ptr<OutgoingStream> stream = FindStream(outgoing)) stream->Cancel();
}

void OutgoingCalls::Close() {
  std::vector<std::shared_ptr<CallHandle>> handles;
  {
    absl::MutexLock lock(&mu_);
    closed_ = true;
    for (auto& [id, handle] : handles_) handles.push_back(std::move(handle));
    handles_.clear();
    for (const auto& [id, entry] : streams_) handles.push_back(entry.stream);
  }
  for (const std::shared_ptr<CallHandle>& handle : handles) handle->Cancel();
}

bool OutgoingCalls::AwaitNone(absl::Time deadline) {
  absl::MutexLock lock(&mu_);
  if (!mu_.AwaitWithDeadline(absl::Condition(this, &OutgoingCalls::NonePending), deadline)) return false;
  executor_ = nullptr;
  return true;
}

}  // namespace paranet
