#include "core/worker/actor_server.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/worker/host_table.h"

namespace paranet {
namespace {

constexpr int32_t kCancelled = 1;
constexpr int32_t kUnknown = 2;
constexpr int32_t kDeadlineExceeded = 4;
constexpr int32_t kResourceExhausted = 8;
constexpr int32_t kUnimplemented = 12;
constexpr int32_t kInternal = 13;

// What a text that goes into a frame may have, with room for more words.
constexpr size_t kMaxText = size_t{60} << 10;
constexpr size_t kMaxTrailers = size_t{64} << 10;
constexpr size_t kErrorSize = 1024;
// A response that is larger does not wait for others.
constexpr size_t kSendAtOnce = size_t{32} << 10;
constexpr absl::Duration kPatience = absl::Seconds(10);

enum ExitCode { kDone = 0, kNotStarted = 1, kBroken = 2, kHangs = 3 };

absl::string_view Cut(absl::string_view text) { return text.substr(0, kMaxText); }

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

const paranet_method& MethodOf(const paranet_module& module, size_t index) {
  const char* at = reinterpret_cast<const char*>(module.methods) + (index * module.method_size);
  return *reinterpret_cast<const paranet_method*>(at);
}

}  // namespace

struct ActorServer::Host : HostTable {
  explicit Host(ActorServer* of) : HostTable(of) {}
};

struct ActorServer::UnaryJob final : ServeThreads::Job {
  UnaryJob(ActorServer* given_server, std::shared_ptr<ServedCall> given_call)
      : server(given_server), call(std::move(given_call)) {}
  void Run() override { server->RunUnary(call); }
  bool dropped() const override { return call->ends.over(); }

  ActorServer* const server;
  const std::shared_ptr<ServedCall> call;
};

ActorServer::ActorServer(int fd, const paranet_module* module, int max_threads, bool own_locking)
    : fd_(fd),
      module_(module),
      max_threads_(max_threads),
      own_locking_(own_locking),
      socket_(fd),
      host_(std::make_unique<Host>(this)) {}

ActorServer::~ActorServer() { ::close(fd_); }

int ActorServer::Run() {
  // The start comes first, and alone.
  Frame frame;
  absl::StatusOr<bool> there = false;
  while (there.ok() && !*there) {
    there = parser_.Next(&frame);
    if (there.ok() && !*there && !ReadSome()) return kBroken;
  }
  if (!there.ok() || !OnStart(frame)) return kBroken;
  if (!Create()) return kNotStarted;
  threads_->Loop();

  bool stopped = false;
  {
    absl::MutexLock lock(&mu_);
    stopped = stopping_;
  }
  EndCalls();
  outgoing_->FailAll();
  threads_->Exit();
  if (!threads_->WaitForAll(absl::Now() + kPatience)) return kHangs;
  try {
    module_->destroy(instance_);
  } catch (...) {
    Log(PARANET_LOG_ERROR, "an exception came out of the actor's destroy function");
  }
  socket_.FlushAll();
  ::shutdown(fd_, SHUT_RDWR);
  return stopped ? kDone : kBroken;
}

bool ActorServer::OnStart(const Frame& frame) {
  if (frame.type != FrameType::kStart) return false;
  id_ = std::string(frame.text);
  const absl::StatusOr<FrameList> config = ParseFrameList(frame.list);
  if (!config.ok()) return false;
  for (const auto& [key, value] : *config) config_.emplace(key, value);
  threads_ = std::make_shared<ServeThreads>(ServeThreads::Options{
      .concurrent = own_locking_ || frame.code == 1,
      .max_threads = max_threads_,
      // This outlives the threads: they are waited for, or the process ends.
      .read = [this] { return ReadAndDispatch(); },
      .flush = [this] { socket_.FlushAll(); },
  });
  outgoing_ = std::make_unique<OutgoingCalls>(socket_, *threads_);
  return true;
}

bool ActorServer::Create() {
  std::vector<paranet_option> options;
  for (const auto& [key, value] : config_) options.push_back({Text(key), Text(value)});
  char error[kErrorSize] = "";
  std::string why;
  threads_->RunHere([&] {
    try {
      instance_ = module_->create(host_.get(), Text(id_), options.data(), options.size(), error, sizeof(error));
    } catch (const std::exception& e) {
      why = absl::StrCat("exception: ", e.what());
    } catch (...) {
      why = "it threw an exception";
    }
  });
  if (instance_ == nullptr) {
    error[sizeof(error) - 1] = '\0';
    if (why.empty()) why = error[0] == '\0' ? "it gave no reason" : error;
    socket_.Send({.type = FrameType::kFailed, .text = Cut(why)});
    socket_.FlushAll();
    threads_->Exit();
    ::shutdown(fd_, SHUT_RD);
    threads_->WaitForAll(absl::Now() + kPatience);
    return false;
  }
  std::string methods;
  for (size_t i = 0; i < module_->method_count; ++i) {
    const paranet_method& method = MethodOf(*module_, i);
    const char shape = static_cast<char>('0' + (method.shape & (PARANET_CLIENT_STREAMS | PARANET_SERVER_STREAMS)));
    AppendToFrameList({method.path.data, method.path.size}, {&shape, 1}, methods);
  }
  socket_.Queue({.type = FrameType::kReady, .list = methods});
  return socket_.FlushAll();
}

bool ActorServer::ReadSome() {
  const auto [room, size] = parser_.Room();
  while (true) {
    const ssize_t got = ::recv(fd_, room, size, 0);
    if (got > 0) {
      parser_.Commit(static_cast<size_t>(got));
      return true;
    }
    if (got == 0 || errno != EINTR) return false;
  }
}

bool ActorServer::ReadAndDispatch() {
  Frame frame;
  for (bool any = false;;) {
    const absl::StatusOr<bool> next = parser_.Next(&frame);
    const bool more = next.ok() && *next;
    if (next.ok() && !more && any) return true;
    if (more ? Dispatch(frame) : next.ok() && ReadSome()) {
      any = any || more;
      continue;
    }
    EndCalls();
    outgoing_->FailAll();
    return false;
  }
}

bool ActorServer::Dispatch(const Frame& frame) {
  if (frame.outgoing) return outgoing_->OnFrame(frame);
  switch (frame.type) {
    case FrameType::kCall:
    case FrameType::kOpen:
      return Begin(frame);
    case FrameType::kMessage: {
      const std::shared_ptr<ServedCall> call = Find(frame.call);
      return call == nullptr || call->ends.Received(frame.payload);
    }
    case FrameType::kHalfClose:
      if (const std::shared_ptr<ServedCall> call = Find(frame.call)) call->ends.HalfClosed();
      return true;
    case FrameType::kCredit: {
      const std::shared_ptr<ServedCall> call = Find(frame.call);
      return call == nullptr || call->ends.Credited(frame.code, frame.number);
    }
    case FrameType::kCancel:
      OnCancel(frame.call);
      return true;
    case FrameType::kPing:
      OnPing(frame.number);
      return true;
    case FrameType::kStop:
      OnStop();
      return true;
    default:
      return false;
  }
}

bool ActorServer::Begin(const Frame& frame) {
  const bool streaming = frame.type == FrameType::kOpen;
  auto call = std::make_shared<ServedCall>();
  call->id = frame.call;
  call->method = frame.code;
  call->streaming = streaming;
  call->deadline = frame.number == INT64_MAX ? absl::InfiniteFuture() : absl::FromUnixMicros(frame.number);
  call->caller = std::string(frame.text);
  call->request = std::string(frame.payload);
  if (!frame.list.empty()) {
    call->list = std::string(frame.list);
    absl::StatusOr<FrameList> metadata = ParseFrameList(call->list);
    if (!metadata.ok()) return false;
    call->metadata = *std::move(metadata);
  }
  {
    absl::MutexLock lock(&mu_);
    if (!calls_.emplace(call->id, call).second) return false;
    if (streaming) ++streams_;
  }
  const bool known = call->method < module_->method_count && streaming == (MethodOf(*module_, call->method).shape != 0);
  if (known && !streaming) {
    threads_->Push(std::make_shared<UnaryJob>(this, std::move(call)));
    return true;
  }
  if (known && threads_->RunOnThread([self = shared_from_this(), call] { self->RunStream(call); })) return true;
  if (streaming) {
    absl::MutexLock lock(&mu_);
    --streams_;
  }
  Answer(*call, known ? kResourceExhausted : kUnimplemented,
         known ? "the actor's process has no thread left for a streaming call" : "the actor has no such method", "");
  return true;
}

void ActorServer::RunUnary(const std::shared_ptr<ServedCall>& call) {
  {
    absl::MutexLock lock(&mu_);
    if (call->answered) return;
    call->stage = ServedCall::Stage::kInHandler;
  }
  if (call->late()) {
    call->ends.Over(false);
    Answer(*call, kDeadlineExceeded, "the deadline had passed when the call's turn came", "");
    return;
  }
  Guard(*call, [&] {
    module_->unary(instance_, call->method, call->id, {call->request.data(), call->request.size()});
  });
  bool over = false;
  {
    absl::MutexLock lock(&mu_);
    call->stage = ServedCall::Stage::kLeft;
    over = !call->answered && call->ends.over();
  }
  if (over) Answer(*call, kCancelled, "nobody waited for the answer any more", "");
}

void ActorServer::RunStream(const std::shared_ptr<ServedCall>& call) {
  {
    absl::MutexLock lock(&mu_);
    call->stage = ServedCall::Stage::kInHandler;
  }
  if (!call->over()) Guard(*call, [&] { module_->stream(instance_, call->method, call->id); });
  Answer(*call, call->over() ? kCancelled : kInternal,
         call->over() ? "nobody waited for the stream any more" : "the actor returned from the call without a status",
         "");
  {
    absl::MutexLock lock(&mu_);
    --streams_;
  }
  EndIfIdle();
}

bool ActorServer::Guard(ServedCall& call, absl::FunctionRef<void()> code) {
  std::string exception;
  try {
    code();
    return true;
  } catch (const std::exception& e) {
    exception = absl::StrCat("exception: ", e.what());
  } catch (...) {
    exception = "exception of unknown type";
  }
  Log(PARANET_LOG_ERROR, absl::StrCat(exception, " came out of the actor's code"));
  Answer(call, kInternal, absl::StrCat("the actor failed with an ", exception), "");
  return false;
}

void ActorServer::Answer(ServedCall& call, int32_t code, absl::string_view message, absl::string_view response) {
  std::string trailers;
  // What goes is kept by the caller's reference or the frame's copy.
  std::shared_ptr<ServedCall> kept;
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(call.answered, true)) return;
    trailers = std::move(call.trailers);
    const auto found = calls_.find(call.id);
    if (found != calls_.end()) {
      kept = std::move(found->second);
      calls_.erase(found);
    }
  }
  const bool cancelled = call.ends.over() && code == 0;
  call.ends.Over(false);
  if (code < 0 || code > kMaxStatusCode) code = kUnknown;
  if (response.size() > kMaxFramePayload) {
    code = kResourceExhausted;
    message = "the response is larger than 64 MiB";
  } else if (cancelled) {
    code = kCancelled;
    message = "nobody waited for the answer any more";
  }
  Send({.type = call.streaming ? FrameType::kFinish : FrameType::kRespond,
        .code = static_cast<uint16_t>(code),
        .call = call.id,
        .text = code == 0 ? "" : Cut(message),
        .list = trailers,
        .payload = code == 0 ? response : ""});
  if (!call.streaming) EndIfIdle();
}

void ActorServer::Send(const Frame& frame) {
  socket_.Queue(frame);
  if (!threads_->inside() || frame.payload.size() > kSendAtOnce) socket_.FlushAll();
}

void ActorServer::OnCancel(uint64_t id) {
  const std::shared_ptr<ServedCall> call = Find(id);
  if (call == nullptr) return;
  call->ends.Over(false);
  bool in_handler = false;
  {
    absl::MutexLock lock(&mu_);
    in_handler = call->streaming || call->stage == ServedCall::Stage::kInHandler;
  }
  if (in_handler) return;
  Answer(*call, kCancelled, "cancelled", "");
  threads_->Sweep();
}

void ActorServer::OnPing(int64_t number) {
  bool missed = false;
  if (threads_->Stuck()) {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, call] : calls_) missed |= call->over();
  }
  if (!missed) Send({.type = FrameType::kPong, .number = number});
}

void ActorServer::OnStop() {
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(stopping_, true)) return;
  }
  if (module_->stop != nullptr) {
    try {
      module_->stop(instance_);
    } catch (...) {
      Log(PARANET_LOG_ERROR, "an exception came out of the actor's stop function");
    }
  }
  EndIfIdle();
}

void ActorServer::EndIfIdle() {
  {
    absl::MutexLock lock(&mu_);
    if (!stopping_ || !calls_.empty() || streams_ > 0) return;
  }
  socket_.FlushAll();
  threads_->Exit();
  // Wakes the thread that reads.
  ::shutdown(fd_, SHUT_RD);
}

void ActorServer::EndCalls() {
  std::vector<std::shared_ptr<ServedCall>> calls;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, call] : calls_) calls.push_back(call);
  }
  for (const std::shared_ptr<ServedCall>& call : calls) call->ends.Over(false);
}

void ActorServer::Log(int32_t level, absl::string_view text) {
  const int32_t known = std::clamp<int32_t>(level, PARANET_LOG_DEBUG, PARANET_LOG_ERROR);
  socket_.Queue({.type = FrameType::kLog, .code = static_cast<uint16_t>(known), .text = Cut(text)});
  if (threads_ == nullptr || !threads_->inside()) socket_.FlushAll();
}

const std::string* ActorServer::Config(absl::string_view key) const {
  const auto found = config_.find(key);
  return found == config_.end() ? nullptr : &found->second;
}

std::shared_ptr<ServedCall> ActorServer::Find(paranet_call call) const {
  absl::MutexLock lock(&mu_);
  const auto found = calls_.find(call);
  return found == calls_.end() ? nullptr : found->second;
}

bool ActorServer::Wait(paranet_call call, absl::Duration time) {
  const std::shared_ptr<ServedCall> found = Find(call);
  if (found == nullptr) return false;
  const ServeThreads::Blocked blocked(*threads_);
  const absl::Duration left = found->deadline - absl::Now();
  if (left < time) {
    found->ends.Sleep(std::max(left, absl::ZeroDuration()));
    return false;
  }
  return found->ends.Sleep(time);
}

bool ActorServer::AddTrailer(paranet_call call, absl::string_view key, absl::string_view value) {
  absl::MutexLock lock(&mu_);
  const auto found = calls_.find(call);
  if (found == calls_.end() || found->second->over()) return false;
  std::string& trailers = found->second->trailers;
  if (trailers.size() + key.size() + value.size() > kMaxTrailers) return false;
  AppendToFrameList(key, value, trailers);
  return true;
}

void ActorServer::Respond(paranet_call call, int32_t code, absl::string_view message, absl::string_view response) {
  const std::shared_ptr<ServedCall> found = Find(call);
  if (found == nullptr) return;
  if (found->streaming) {
    Log(PARANET_LOG_ERROR, "the actor's code called respond in a streaming call; that was ignored");
    return;
  }
  Answer(*found, code, message, response);
}

bool ActorServer::Read(paranet_call call, paranet_bytes* message) {
  const std::shared_ptr<ServedCall> found = Find(call);
  if (found == nullptr || !found->streaming) return false;
  uint16_t messages = 0;
  int64_t bytes = 0;
  bool taken = false;
  if (found->ends.readable()) {
    taken = found->ends.TakeMessage(false, found->deadline, &found->current, &messages, &bytes);
  } else {
    const ServeThreads::Blocked blocked(*threads_);
    taken = found->ends.TakeMessage(true, found->deadline, &found->current, &messages, &bytes);
  }
  if (messages > 0) Send({.type = FrameType::kCredit, .code = messages, .call = call, .number = bytes});
  if (taken) *message = {found->current.data(), found->current.size()};
  return taken;
}

bool ActorServer::Write(paranet_call call, absl::string_view message) {
  const std::shared_ptr<ServedCall> found = Find(call);
  if (found == nullptr || !found->streaming || message.size() > kMaxFramePayload || found->over()) return false;
  if (!found->ends.writable()) {
    const ServeThreads::Blocked blocked(*threads_);
    if (!found->ends.TakeRoom(true, found->deadline, message.size())) return false;
  } else if (!found->ends.TakeRoom(false, found->deadline, message.size())) {
    return false;
  }
  Send({.type = FrameType::kMessage, .call = call, .payload = message});
  return true;
}

void ActorServer::Finish(paranet_call call, int32_t code, absl::string_view message) {
  const std::shared_ptr<ServedCall> found = Find(call);
  if (found == nullptr) return;
  if (!found->streaming) {
    Log(PARANET_LOG_ERROR, "the actor's code called finish in a unary call; that was ignored");
    return;
  }
  Answer(*found, code, message, "");
}

}  // namespace paranet
