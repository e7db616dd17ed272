#include "core/runtime/framed/frame_connection.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/support/slice.h"

namespace paranet {
namespace {

// A worker that does not read what it has asked for is not read from either.
constexpr size_t kMaxPending = size_t{16} << 20;

// The connection whose thread this is: what it sends goes when it has dealt with all that has come.
thread_local const FrameConnection* reading = nullptr;

std::string EncodeMetadata(const Metadata& metadata) {
  std::string list;
  for (const auto& [key, value] : metadata) AppendToFrameList(key, value, list);
  return list;
}

int64_t DeadlineMicros(absl::Time deadline) { return absl::ToUnixMicros(deadline); }

absl::Status StatusOf(const Frame& frame) {
  if (frame.code == 0) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(frame.code), frame.text);
}

absl::StatusOr<Metadata> TrailersOf(const Frame& frame) {
  Metadata trailers;
  if (frame.list.empty()) return trailers;
  absl::StatusOr<FrameList> list = ParseFrameList(frame.list);
  if (!list.ok()) return list.status();
  for (const auto& [key, value] : *list) trailers.emplace_back(key, value);
  return trailers;
}

ActorLog::Level LevelOf(uint16_t code) {
  constexpr ActorLog::Level kLevels[] = {ActorLog::Level::kDebug, ActorLog::Level::kInfo, ActorLog::Level::kWarning,
                                         ActorLog::Level::kError};
  return kLevels[code];
}

}  // namespace

// A unary call. The entry in the table stays until the worker has answered.
class FrameConnection::Unary final : public CallHandle, public std::enable_shared_from_this<Unary> {
 public:
  Unary(CallContext context, UnaryDone done, std::weak_ptr<FrameConnection> connection)
      : context_(std::move(context)), connection_(std::move(connection)), done_(std::move(done)) {}

  // Set before anybody else knows of the call.
  void set_id(uint64_t id) { id_ = id; }
  uint64_t id() const { return id_; }
  const CallContext& context() const { return context_; }

  void SetTimer(DeadlineTimer::Id timer) {
    absl::MutexLock lock(&mu_);
    timer_ = timer;
  }
  // The timer to forget, if the call ends by this; `done` runs once.
  void End(UnaryResult result, DeadlineTimer* timer) {
    UnaryDone done;
    DeadlineTimer::Id forget;
    {
      absl::MutexLock lock(&mu_);
      if (over_) return;
      over_ = true;
      done = std::move(done_);
      forget = timer_;
    }
    if (timer != nullptr && context_.deadline != absl::InfiniteFuture()) timer->Cancel(forget);
    std::move(done)(std::move(result));
  }
  bool over() {
    absl::MutexLock lock(&mu_);
    return over_;
  }
  // By the caller, the deadline.
  void Abort(absl::Status status) {
    const std::shared_ptr<FrameConnection> connection = connection_.lock();
    if (connection == nullptr || over()) return;
    connection->Send({.type = FrameType::kCancel, .call = id_});
    End({.status = std::move(status)}, &connection->options_.executor->timer());
    connection->outgoing_->OnParentOver(id_);
  }
  void Cancel() override { Abort(absl::CancelledError("the caller has cancelled the call")); }

 private:
  uint64_t id_ = 0;
  const CallContext context_;
  const std::weak_ptr<FrameConnection> connection_;
  absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  UnaryDone done_ ABSL_GUARDED_BY(mu_);
  DeadlineTimer::Id timer_ ABSL_GUARDED_BY(mu_);
};

FrameConnection::FrameConnection(UniqueFd fd, Options options)
    : fd_(std::move(fd)), options_(std::move(options)), socket_(fd_.get()) {}

FrameConnection::~FrameConnection() {
  // Close() has joined them, unless it ran on one of them.
  if (reader_.joinable()) reader_.detach();
  if (writer_.joinable()) writer_.detach();
}

void FrameConnection::Start(absl::AnyInvocable<void(absl::Status)> broken) {
  broken_ = std::move(broken);
  outgoing_ = std::make_shared<FrameOutgoing>(options_.name, options_.caller, shared_from_this(),
                                              [weak = weak_from_this()](uint64_t parent) {
                                                const std::shared_ptr<FrameConnection> self = weak.lock();
                                                return self == nullptr ? std::nullopt : self->OriginOf(parent);
                                              });
  std::string config;
  for (const auto& [key, value] : options_.config) AppendToFrameList(key, value, config);
  socket_.Queue({.type = FrameType::kStart,
                 .code = static_cast<uint16_t>(options_.concurrent ? 1 : 0),
                 .text = options_.actor_id,
                 .list = config});
  Flush();
  reader_ = std::thread([self = shared_from_this()] { self->Read(); });
}

absl::StatusOr<std::vector<FrameConnection::Method>> FrameConnection::AwaitReady(absl::Time deadline) {
  absl::MutexLock lock(&mu_);
  if (!mu_.AwaitWithDeadline(absl::Condition(this, &FrameConnection::ReadyOrClosed), deadline)) {
    return absl::DeadlineExceededError("it was not ready in time");
  }
  if (!failed_.ok()) return failed_;
  if (!closed_.ok()) return closed_;
  return methods_;
}

absl::Status FrameConnection::Admit(bool streaming, const Payload& request) const {
  if (!closed_.ok()) return closed_;
  const uint32_t limit = streaming ? options_.streams : options_.mailbox;
  if ((streaming ? streams_.size() : unary_.size()) >= limit) {
    return absl::ResourceExhaustedError(absl::StrCat("actor ", options_.name, " already has ", limit,
                                                     streaming ? " streaming calls" : " calls waiting or running",
                                                     ", its limit; try again later"));
  }
  if (request.Length() > kMaxFramePayload) {
    return absl::ResourceExhaustedError(absl::StrCat("the request is larger than ", kMaxFramePayload, " bytes"));
  }
  return absl::OkStatus();
}

std::shared_ptr<CallHandle> FrameConnection::CallUnary(uint16_t method, CallContext context, const Payload& request,
                                                       UnaryDone done) {
  const auto call = std::make_shared<Unary>(std::move(context), std::move(done), weak_from_this());
  const absl::Time deadline = call->context().deadline;
  const std::string metadata = EncodeMetadata(call->context().metadata);
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    refused = Admit(false, request);
    if (refused.ok() && metadata.size() > kMaxFrameList) {
      refused = absl::ResourceExhaustedError("the call has more metadata than a worker can be sent");
    }
    if (refused.ok()) {
      call->set_id(next_call_++);
      unary_.emplace(call->id(), call);
    }
  }
  if (!refused.ok()) {
    call->End({.status = std::move(refused), .unprocessed = true}, nullptr);
    return call;
  }
  if (deadline != absl::InfiniteFuture()) {
    call->SetTimer(options_.executor->timer().Add(deadline, [weak = call->weak_from_this()] {
      if (const std::shared_ptr<Unary> late = weak.lock()) {
        late->Abort(absl::DeadlineExceededError("the actor has not answered by the call's deadline"));
      }
    }));
  }
  Send({.type = FrameType::kCall,
        .code = method,
        .call = call->id(),
        .number = DeadlineMicros(deadline),
        .text = absl::string_view(call->context().caller).substr(0, kMaxFrameText),
        .list = metadata},
       request);
  return call;
}

void FrameConnection::CallStream(uint16_t method, CallContext context, std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<FrameStream> call;
  absl::Status refused;
  uint64_t id = 0;
  const std::string metadata = EncodeMetadata(context.metadata);
  {
    absl::MutexLock lock(&mu_);
    refused = Admit(true, Payload());
    if (refused.ok() && metadata.size() > kMaxFrameList) {
      refused = absl::ResourceExhaustedError("the call has more metadata than a worker can be sent");
    }
    if (refused.ok()) {
      id = next_call_++;
      call = std::make_shared<FrameStream>(id, std::move(context), stream, shared_from_this());
      streams_.emplace(id, call);
    }
  }
  if (call == nullptr) {
    stream->Finish(std::move(refused), {});
    return;
  }
  const absl::Time deadline = call->context().deadline;
  if (deadline != absl::InfiniteFuture()) {
    options_.executor->timer().Add(deadline, [weak = call->weak_from_this()] {
      if (const std::shared_ptr<FrameStream> late = weak.lock()) {
        late->Abort(absl::DeadlineExceededError("the actor has not answered by the call's deadline"), true);
      }
    });
  }
  Send({.type = FrameType::kOpen,
        .code = method,
        .call = id,
        .number = DeadlineMicros(deadline),
        .text = absl::string_view(call->context().caller).substr(0, kMaxFrameText),
        .list = metadata});
  call->Begin();
}

void FrameConnection::Ping(absl::AnyInvocable<void()> alive) {
  int64_t number = 0;
  {
    absl::MutexLock lock(&mu_);
    if (!closed_.ok()) return;
    number = next_ping_++;
    pings_.emplace(number, std::move(alive));
    // Those that were not answered will not be; a later one tells all.
    constexpr int64_t kKept = 16;
    pings_.erase(number - kKept);
  }
  Send({.type = FrameType::kPing, .number = number});
}

void FrameConnection::SendStop() { Send({.type = FrameType::kStop}); }

void FrameConnection::Send(const Frame& frame, const Payload& payload) {
  if (!payload.Valid() || payload.Length() == 0) {
    socket_.Queue(frame);
  } else if (grpc::Slice slice; payload.TrySingleSlice(&slice).ok()) {
    const absl::string_view piece(reinterpret_cast<const char*>(slice.begin()), slice.size());
    socket_.Queue(frame, {&piece, 1});
  } else {
    std::vector<grpc::Slice> slices;
    payload.Dump(&slices).IgnoreError();
    std::vector<absl::string_view> pieces;
    pieces.reserve(slices.size());
    for (const grpc::Slice& each : slices)
      pieces.emplace_back(reinterpret_cast<const char*>(each.begin()), each.size());
    socket_.Queue(frame, pieces);
  }
  if (reading != this) Flush();
}

void FrameConnection::Flush() {
  if (socket_.Flush() != FrameSocket::Sent::kBlocked) return;
  absl::MutexLock lock(&mu_);
  blocked_ = true;
  if (std::exchange(writer_started_, true) || joined_) return;
  writer_ = std::thread([this, self = shared_from_this()] { WriteBlocked(); });
}

void FrameConnection::WriteBlocked() {
  mu_.Lock();
  while (closed_.ok()) {
    mu_.Await(absl::Condition(this, &FrameConnection::BlockedOrClosed));
    blocked_ = false;
    mu_.Unlock();
    socket_.FlushAll();
    mu_.Lock();
  }
  mu_.Unlock();
}

void FrameConnection::Read() {
  reading = this;
  FrameParser parser(FrameSender::kWorker);
  absl::Status end;
  while (end.ok()) {
    const auto [room, size] = parser.Room();
    const ssize_t got = ::recv(fd_.get(), room, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      end = absl::UnavailableError("it has closed its connection to the node");
      break;
    }
    parser.Commit(static_cast<size_t>(got));
    Frame frame;
    while (end.ok()) {
      const absl::StatusOr<bool> next = parser.Next(&frame);
      if (!next.ok()) {
        end = next.status();
      } else if (!*next) {
        break;
      } else {
        end = Dispatch(frame);
      }
    }
    Flush();
    if (end.ok() && socket_.pending() > kMaxPending) socket_.FlushAll();
  }
  {
    absl::MutexLock lock(&mu_);
    if (closed_.ok()) closed_ = end;
  }
  std::exchange(broken_, nullptr)(std::move(end));
  reading = nullptr;
}

absl::Status FrameConnection::Dispatch(const Frame& frame) {
  if (frame.outgoing) {
    if (outgoing_->OnFrame(frame)) return absl::OkStatus();
    return absl::InvalidArgumentError("a frame about a call of another skill came out of turn");
  }
  switch (frame.type) {
    case FrameType::kRespond:
      return OnRespond(frame);
    case FrameType::kMessage:
    case FrameType::kCredit:
    case FrameType::kFinish:
      return OnStreamFrame(frame);
    case FrameType::kLog:
      if (options_.log != nullptr) options_.log->Write(LevelOf(frame.code), frame.text);
      return absl::OkStatus();
    case FrameType::kPong:
      OnPong(frame.number);
      return absl::OkStatus();
    case FrameType::kReady:
      return OnReady(frame);
    case FrameType::kFailed: {
      absl::MutexLock lock(&mu_);
      if (ready_) return absl::InvalidArgumentError("a frame of type failed came after the start");
      ready_ = true;
      failed_ = absl::InvalidArgumentError(frame.text);
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError("a frame came out of turn");
  }
}

absl::Status FrameConnection::OnReady(const Frame& frame) {
  const absl::StatusOr<FrameList> list = ParseFrameList(frame.list);
  if (!list.ok()) return list.status();
  std::vector<Method> methods;
  for (const auto& [path, shape] : *list) {
    if (shape.size() != 1 || shape[0] < '0' || shape[0] > '3' || methods.size() > UINT16_MAX) {
      return absl::InvalidArgumentError("the list of methods is not valid");
    }
    methods.push_back({.path = std::string(path),
                       .client_streams = ((shape[0] - '0') & 1) != 0,
                       .server_streams = ((shape[0] - '0') & 2) != 0});
  }
  absl::MutexLock lock(&mu_);
  if (ready_) return absl::InvalidArgumentError("a frame of type ready came for the second time");
  ready_ = true;
  methods_ = std::move(methods);
  return absl::OkStatus();
}

absl::Status FrameConnection::OnRespond(const Frame& frame) {
  std::shared_ptr<Unary> call;
  {
    absl::MutexLock lock(&mu_);
    const auto found = unary_.find(frame.call);
    if (found != unary_.end()) {
      call = std::move(found->second);
      unary_.erase(found);
    }
  }
  if (call == nullptr) return absl::InvalidArgumentError("an answer came for a call that there is not");
  absl::StatusOr<Metadata> trailers = TrailersOf(frame);
  if (!trailers.ok()) {
    call->End({.status = absl::UnavailableError("the actor's process has broken the protocol")}, nullptr);
    return trailers.status();
  }
  outgoing_->OnParentOver(frame.call);
  UnaryResult result;
  result.status = StatusOf(frame);
  result.trailers = *std::move(trailers);
  if (frame.code == 0) result.response = MakePayload(frame.payload);
  call->End(std::move(result), &options_.executor->timer());
  return absl::OkStatus();
}

absl::Status FrameConnection::OnStreamFrame(const Frame& frame) {
  std::shared_ptr<FrameStream> stream;
  {
    absl::MutexLock lock(&mu_);
    const auto found = streams_.find(frame.call);
    if (found == streams_.end()) return absl::InvalidArgumentError("a frame came for a stream that there is not");
    stream = found->second;
    if (frame.type == FrameType::kFinish) streams_.erase(found);
  }
  if (frame.type == FrameType::kMessage) {
    if (stream->OnMessage(frame.payload)) return absl::OkStatus();
    return absl::InvalidArgumentError("more messages of a stream came than its window allows");
  }
  if (frame.type == FrameType::kCredit) {
    if (stream->OnCredit(frame.code, frame.number)) return absl::OkStatus();
    return absl::InvalidArgumentError("more was given back of a stream than was sent");
  }
  absl::StatusOr<Metadata> trailers = TrailersOf(frame);
  if (!trailers.ok()) {
    stream->Abort(absl::UnavailableError("the actor's process has broken the protocol"), false);
    return trailers.status();
  }
  outgoing_->OnParentOver(frame.call);
  stream->OnFinish(StatusOf(frame), *std::move(trailers));
  return absl::OkStatus();
}

void FrameConnection::OnPong(int64_t number) {
  absl::AnyInvocable<void()> alive;
  {
    absl::MutexLock lock(&mu_);
    const auto found = pings_.find(number);
    if (found == pings_.end()) return;
    alive = std::move(found->second);
    pings_.erase(found);
  }
  std::move(alive)();
}

std::optional<CallOrigin> FrameConnection::OriginOf(uint64_t parent) {
  std::shared_ptr<Unary> unary;
  std::shared_ptr<FrameStream> stream;
  {
    absl::MutexLock lock(&mu_);
    if (const auto found = unary_.find(parent); found != unary_.end()) {
      unary = found->second;
    } else if (const auto other = streams_.find(parent); other != streams_.end()) {
      stream = other->second;
    }
  }
  if (unary == nullptr && stream == nullptr) return std::nullopt;
  if (unary != nullptr ? unary->over() : stream->over()) return std::nullopt;
  const CallContext& context = unary != nullptr ? unary->context() : stream->context();
  CallOrigin origin{.caller = context.caller, .deadline = context.deadline, .hops = context.hops};
  for (const auto& [key, value] : context.metadata) {
    if (key == "traceparent" || key == "tracestate") origin.metadata.emplace_back(key, value);
  }
  return origin;
}

void FrameConnection::Close(const absl::Status& reason) {
  ::shutdown(fd_.get(), SHUT_RDWR);
  absl::flat_hash_map<uint64_t, std::shared_ptr<Unary>> unary;
  absl::flat_hash_map<uint64_t, std::shared_ptr<FrameStream>> streams;
  bool join = false;
  {
    absl::MutexLock lock(&mu_);
    closed_ = reason;
    unary.swap(unary_);
    streams.swap(streams_);
    pings_.clear();
    join = !std::exchange(joined_, true);
  }
  for (const auto& [id, call] : unary) call->End({.status = reason}, &options_.executor->timer());
  for (const auto& [id, stream] : streams) stream->Abort(reason, false);
  if (outgoing_ != nullptr) outgoing_->Close();
  if (!join) return;
  for (std::thread* thread : {&reader_, &writer_}) {
    if (thread->joinable() && thread->get_id() != std::this_thread::get_id()) thread->join();
  }
}

}  // namespace paranet
