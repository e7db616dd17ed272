#include "core/runtime/socket_calls.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/grpc_status.h"
#include "core/rpc/client_stream.h"
#include "core/rpc/metadata.h"
#include "grpcpp/client_context.h"
#include "src/proto/grpc/health/v1/health.pb.h"

namespace paranet {
namespace {

constexpr char kCallerKey[] = "paranet-caller";
constexpr char kOwnPrefix[] = "paranet-";
constexpr char kHealthPath[] = "/grpc.health.v1.Health/Check";
// The kernel closes a process's sockets a moment before its parent hears of its end.
constexpr absl::Duration kHearOfEnd = absl::Seconds(2);
constexpr absl::Duration kPingTime = absl::Minutes(1);

// gRPC takes the process down over metadata that is none (RFC 9113 section 8.2.1, gRPC over HTTP/2: Custom-Metadata).
bool CanTravel(absl::string_view key, absl::string_view value) {
  if (IsReservedMetadataKey(key) || key == "grpc-status-details-bin") return false;
  for (const char c : key) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) && !absl::ascii_isdigit(static_cast<unsigned char>(c)) &&
        c != '-' && c != '_' && c != '.') {
      return false;
    }
  }
  if (absl::EndsWith(key, "-bin")) return true;
  for (const char c : value) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// Whether gRPC's own words for a connection that is gone are in `status`. A program that uses them itself is answered
// for a little later, no more.
bool LooksBroken(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return false;
  for (const absl::string_view words : {"Socket closed", "onnection reset", "roken pipe", "GOAWAY", "failed to connect",
                                        "onnection refused", "ransport", "Stream removed", "recvmsg", "sendmsg"}) {
    if (absl::StrContains(status.message(), words)) return true;
  }
  return status.message().empty();
}

}  // namespace

Metadata MetadataForProgram(const CallContext& context) {
  Metadata metadata;
  metadata.reserve(context.metadata.size() + 1);
  for (const auto& [key, value] : context.metadata) {
    if (!absl::StartsWith(key, kOwnPrefix) && CanTravel(key, value)) metadata.emplace_back(key, value);
  }
  if (CanTravel(kCallerKey, context.caller)) metadata.emplace_back(kCallerKey, context.caller);
  return metadata;
}

// One unary call: one batch on the queue. Holds itself until that is complete.
class SocketCalls::Unary final : public RpcTag,
                                 public CallHandle,
                                 public Running,
                                 public std::enable_shared_from_this<Unary> {
 public:
  Unary(std::shared_ptr<SocketCalls> calls, RpcQueue* queue, CallContext context, UnaryDone done)
      : calls_(std::move(calls)), queue_(queue), call_(std::move(context)), done_(std::move(done)) {}

  void Start(const Payload& request) {
    for (const auto& [key, value] : MetadataForProgram(call_)) context_.AddMetadata(key, value);
    Begin(call_.skill->path, call_.deadline, request);
  }
  void Begin(const std::string& path, absl::Time deadline, const Payload& request) {
    if (deadline != absl::InfiniteFuture()) context_.set_deadline(absl::ToChronoTime(deadline));
    queue_->BeginCall();
    reader_ = calls_->stub_.PrepareUnaryCall(&context_, path, request, queue_->get());
    self_ = shared_from_this();
    reader_->StartCall();
    reader_->Finish(&response_, &status_, this);
  }

  void Complete(bool) override {
    const std::shared_ptr<Unary> self = std::move(self_);
    RpcQueue* const queue = queue_;
    UnaryResult result{.status = FromGrpcStatus(status_),
                       .trailers = FromGrpcMetadata(context_.GetServerTrailingMetadata())};
    if (result.status.ok()) result.response.Swap(&response_);
    absl::Status status = result.status;
    calls_->End(id_, std::move(status),
                [done = std::move(done_), result = std::move(result)](absl::Status known) mutable {
                  result.status = std::move(known);
                  done(std::move(result));
                });
    queue->EndCall();
  }

  void Cancel() override { context_.TryCancel(); }
  void CancelRunning() override { context_.TryCancel(); }

 private:
  friend class SocketCalls;

  const std::shared_ptr<SocketCalls> calls_;
  RpcQueue* const queue_;
  const CallContext call_;
  UnaryDone done_;
  uint64_t id_ = 0;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  Payload response_;
  grpc::Status status_;
  std::shared_ptr<Unary> self_;
};

// One streaming call: passes on one message at a time in each direction, the next when the last has been taken, so that
// HTTP/2's flow control reaches from the caller to the program.
class SocketCalls::Relay final : public Running, public std::enable_shared_from_this<Relay> {
 public:
  Relay(std::shared_ptr<SocketCalls> calls, std::shared_ptr<ServerStream> caller)
      : calls_(std::move(calls)), caller_(std::move(caller)) {}

  void Start(const CallContext& context) {
    auto program = ClientStream::Start(calls_->options_.channel, context.skill->path, MetadataForProgram(context),
                                       context.deadline, /*wait_for_ready=*/false, calls_->QueueOf(context),
                                       [self = shared_from_this()](absl::Status status, Metadata trailers) {
                                         self->OnEnd(std::move(status), std::move(trailers));
                                       });
    bool cancelled = false;
    {
      absl::MutexLock lock(&mu_);
      program_ = std::move(program);
      cancelled = cancelled_;
    }
    if (cancelled) program_->Cancel();
    caller_->OnCancel([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->program_->Cancel();
    });
    PumpRequests();
    PumpResponses();
  }

  void CancelRunning() override {
    std::shared_ptr<ClientStream> program;
    {
      absl::MutexLock lock(&mu_);
      cancelled_ = true;
      program = program_;
    }
    if (program != nullptr) program->Cancel();
  }

 private:
  friend class SocketCalls;

  void PumpRequests() {
    caller_->Read([self = shared_from_this()](std::optional<Payload> request) {
      if (!request.has_value()) return self->program_->WritesDone();
      self->program_->Write(*std::move(request), [self](bool ok) {
        if (ok) self->PumpRequests();
      });
    });
  }

  void PumpResponses() {
    program_->Read([self = shared_from_this()](std::optional<Payload> response) {
      // The end is told by OnEnd.
      if (!response.has_value()) return;
      {
        absl::MutexLock lock(&self->mu_);
        self->writing_ = true;
      }
      self->caller_->Write(*std::move(response), [self](bool ok) { self->OnWritten(ok); });
    });
  }

  void OnWritten(bool ok) {
    std::optional<std::pair<absl::Status, Metadata>> end;
    {
      absl::MutexLock lock(&mu_);
      writing_ = false;
      end = std::exchange(end_, std::nullopt);
    }
    if (end.has_value()) return Finish(std::move(end->first), std::move(end->second));
    if (ok) {
      PumpResponses();
    } else {
      program_->Cancel();
    }
  }

  void OnEnd(absl::Status status, Metadata trailers) {
    {
      absl::MutexLock lock(&mu_);
      if (writing_) {
        end_.emplace(std::move(status), std::move(trailers));
        return;
      }
    }
    Finish(std::move(status), std::move(trailers));
  }

  void Finish(absl::Status status, Metadata trailers) {
    calls_->End(id_, std::move(status), [caller = caller_, trailers = std::move(trailers)](absl::Status known) mutable {
      caller->Finish(std::move(known), std::move(trailers));
    });
  }

  const std::shared_ptr<SocketCalls> calls_;
  const std::shared_ptr<ServerStream> caller_;
  uint64_t id_ = 0;
  // Set once, by Start, before anything that runs on another thread and uses it, but for CancelRunning.
  std::shared_ptr<ClientStream> program_;
  absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  // A response is being written to the caller, who is told of the end after that.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<std::pair<absl::Status, Metadata>> end_ ABSL_GUARDED_BY(mu_);
};

SocketCalls::SocketCalls(Options options) : options_(std::move(options)), stub_(options_.channel) {}

std::shared_ptr<CallHandle> SocketCalls::CallUnary(CallContext context, Payload request, UnaryDone done) {
  RpcQueue* const queue = QueueOf(context);
  auto call = std::make_shared<Unary>(shared_from_this(), queue, std::move(context), std::move(done));
  absl::Status status;
  if (!Begin(call, &call->id_, &status)) {
    call->done_({.status = std::move(status), .unprocessed = true});
    return call;
  }
  call->Start(request);
  return call;
}

void SocketCalls::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  auto relay = std::make_shared<Relay>(shared_from_this(), stream);
  absl::Status status;
  if (!Begin(relay, &relay->id_, &status)) return stream->Finish(std::move(status), {});
  relay->Start(context);
}

void SocketCalls::Ping(absl::AnyInvocable<void()> alive) {
  // No call of a caller: it neither counts nor waits to hear why the program has ended.
  class PingCall final : public RpcTag {
   public:
    PingCall(SocketCalls& calls, absl::AnyInvocable<void()> alive)
        : queue_(calls.options_.queue), alive_(std::move(alive)) {
      context_.set_deadline(absl::ToChronoTime(absl::Now() + kPingTime));
      queue_->BeginCall();
      // The empty request asks for the program as a whole.
      reader_ = calls.stub_.PrepareUnaryCall(&context_, kHealthPath, MakePayload(""), queue_->get());
      reader_->StartCall();
    }
    void Finish() { reader_->Finish(&response_, &status_, this); }
    void Complete(bool) override {
      const std::unique_ptr<PingCall> self(this);
      const grpc::StatusCode code = status_.error_code();
      grpc::health::v1::HealthCheckResponse response;
      const bool serving = status_.ok() && response.ParseFromString(PayloadToString(response_)) &&
                           response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
      const bool silent = code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED ||
                          code == grpc::StatusCode::CANCELLED;
      if (serving || (!status_.ok() && !silent)) alive_();
      alive_ = nullptr;
      queue_->EndCall();
    }

   private:
    RpcQueue* const queue_;
    absl::AnyInvocable<void()> alive_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
    Payload response_;
    grpc::Status status_;
  };
  {
    absl::MutexLock lock(&mu_);
    if (!closed_.ok()) return;
  }
  auto ping = std::make_unique<PingCall>(*this, std::move(alive));
  // From here on it belongs to the queue.
  ping.release()->Finish();
}

bool SocketCalls::Begin(const std::shared_ptr<Running>& call, uint64_t* id, absl::Status* status) {
  absl::MutexLock lock(&mu_);
  if (!closed_.ok()) {
    *status = Ended(closed_);
    return false;
  }
  *id = ++last_id_;
  ++outstanding_;
  running_.emplace(*id, call);
  return true;
}

void SocketCalls::End(uint64_t id, absl::Status status, Deliver deliver) {
  {
    absl::MutexLock lock(&mu_);
    running_.erase(id);
    // Close cancels what does not end by itself.
    if (!closed_.ok() && (absl::IsUnavailable(status) || absl::IsCancelled(status))) {
      status = Ended(closed_);
    } else if (LooksBroken(status)) {
      broken_.emplace(id, std::make_pair(std::move(status), std::move(deliver)));
      options_.executor->timer().Add(absl::Now() + kHearOfEnd, [weak = weak_from_this(), id] {
        if (const auto self = weak.lock()) self->Release(id);
      });
      return;
    }
  }
  deliver(InOurWords(std::move(status)));
  Delivered();
}

void SocketCalls::Release(uint64_t id) {
  std::pair<absl::Status, Deliver> call;
  {
    absl::MutexLock lock(&mu_);
    const auto found = broken_.find(id);
    if (found == broken_.end()) return;
    call = std::move(found->second);
    broken_.erase(found);
  }
  call.second(absl::UnavailableError(
      absl::StrCat("actor ", options_.name, " closed its connection during the call: ", call.first.message())));
  Delivered();
}

void SocketCalls::Delivered() {
  absl::AnyInvocable<void()> idle;
  {
    absl::MutexLock lock(&mu_);
    if (--outstanding_ == 0) idle = std::exchange(idle_, nullptr);
  }
  if (idle) idle();
}

void SocketCalls::Close(const absl::Status& reason) {
  const absl::Status why = reason.ok() ? absl::UnavailableError("exit code 0") : reason;
  std::map<uint64_t, std::weak_ptr<Running>> running;
  std::map<uint64_t, std::pair<absl::Status, Deliver>> broken;
  {
    absl::MutexLock lock(&mu_);
    if (!closed_.ok()) return;
    closed_ = why;
    running.swap(running_);
    broken.swap(broken_);
  }
  for (auto& [id, call] : broken) {
    call.second(Ended(why));
    Delivered();
  }
  // Their connection is gone; this is for those that gRPC would still wait for.
  for (const auto& [id, weak] : running) {
    if (const auto call = weak.lock()) call->CancelRunning();
  }
}

void SocketCalls::WhenIdle(absl::AnyInvocable<void()> idle) {
  {
    absl::MutexLock lock(&mu_);
    if (outstanding_ > 0) {
      idle_ = std::move(idle);
      return;
    }
  }
  idle();
}

absl::Status SocketCalls::Ended(const absl::Status& reason) const {
  return absl::UnavailableError(absl::StrCat("the process of actor ", options_.name, " has ended: ", reason.message()));
}

// gRPC's own words for what it found out by itself tell a caller little.
absl::Status SocketCalls::InOurWords(absl::Status status) const {
  if (absl::IsDeadlineExceeded(status) && status.message() == "Deadline Exceeded") {
    return absl::DeadlineExceededError(absl::StrCat("the deadline passed before actor ", options_.name, " answered"));
  }
  if (absl::IsCancelled(status) && (status.message() == "CANCELLED" || status.message() == "Cancelled")) {
    return absl::CancelledError("the caller gave up");
  }
  return status;
}

}  // namespace paranet
