#include "core/runtime/exec_actor.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/rpc/queue_threads.h"
#include "core/rpc/server.h"
#include "core/runtime/child_process.h"
#include "core/runtime/framed_actor.h"
#include "core/runtime/socket_calls.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "src/proto/grpc/health/v1/health.grpc.pb.h"
#include "src/proto/grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace paranet {
namespace {

namespace health = ::grpc::health::v1;
namespace reflection = ::grpc::reflection::v1alpha;

constexpr absl::Duration kStartTime = absl::Seconds(10);
// Between two looks at a program that is about to listen.
constexpr absl::Duration kLookEvery = absl::Milliseconds(5);
// Between two questions after the health of one that is not serving yet.
constexpr absl::Duration kAskEvery = absl::Milliseconds(50);
// For its reflection, which is an offer and no duty.
constexpr absl::Duration kReflectionTime = absl::Seconds(2);
// Of a socket's path: sun_path has 108 with its terminating NUL, and gRPC libraries differ in what they take.
constexpr size_t kMaxSocketPath = 100;
constexpr size_t kLastLines = 20;
constexpr char kSocketSuffix[] = ".sock";
// Longer than any start may take (manifest_check.cc).
constexpr absl::Duration kStale = absl::Minutes(15);

// Of one run: how it ended, if it has.
class RunState {
 public:
  explicit RunState(absl::AnyInvocable<void(absl::Status)> ended) : ended_(std::move(ended)) {}

  // The process has ended.
  void OnEnded(absl::Status reason) {
    absl::AnyInvocable<void(absl::Status)> ended;
    std::shared_ptr<SocketCalls> calls;
    {
      absl::MutexLock lock(&mu_);
      reason_ = reason;
      calls = calls_;
      if (ready_) ended = std::exchange(ended_, nullptr);
    }
    if (calls != nullptr) calls->Close(reason);
    if (ended) ended(std::move(reason));
  }

  // How it ended; waits for that until `time`. OK if it runs on.
  absl::Status WaitForEnd(absl::Time time) {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithDeadline(absl::Condition(
                              +[](RunState* self) ABSL_NO_THREAD_SAFETY_ANALYSIS { return !self->reason_.ok(); }, this),
                          time);
    return reason_;
  }

  // From now on its end goes to `ended` and `calls`. How it ended if it already has.
  absl::Status SetReady(std::shared_ptr<SocketCalls> calls) {
    absl::MutexLock lock(&mu_);
    if (!reason_.ok()) return reason_;
    ready_ = true;
    calls_ = std::move(calls);
    return absl::OkStatus();
  }

 private:
  absl::Mutex mu_;
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  // Not OK once it has ended.
  absl::Status reason_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(absl::Status)> ended_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<SocketCalls> calls_ ABSL_GUARDED_BY(mu_);
};

class ExecProcess final : public ActorProcess {
 public:
  ExecProcess(std::shared_ptr<ActorExecutor> executor, std::unique_ptr<QueueThreads> threads,
              std::shared_ptr<SocketCalls> calls, std::unique_ptr<ChildProcess> child, std::string socket,
              std::optional<TemporaryDirectory> folder)
      : executor_(std::move(executor)),
        socket_(std::move(socket)),
        folder_(std::move(folder)),
        threads_(std::move(threads)),
        calls_(std::move(calls)),
        child_(std::move(child)) {}
  ~ExecProcess() override {
    // The end of the process ends the calls; it may have been heard of already.
    child_->Kill();
    child_ = nullptr;
    calls_->Close(absl::UnavailableError("it was stopped"));
    ::unlink(socket_.c_str());
  }

  int64_t pid() const override { return child_->pid(); }
  std::vector<std::string> confinement() const override { return child_->confinement(); }
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override {
    return calls_->CallUnary(std::move(context), std::move(request), std::move(done));
  }
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override {
    calls_->CallStream(std::move(context), std::move(stream));
  }
  void Ping(absl::AnyInvocable<void()> alive) override { calls_->Ping(std::move(alive)); }
  void BeginStop() override {
    // A program that knows nothing of SIGTERM is gone at once: only when there is nothing left to lose.
    calls_->WhenIdle([child = std::weak_ptr<ChildProcess>(child_)] {
      if (const auto running = child.lock()) running->Terminate();
    });
  }
  void Kill() override { child_->Kill(); }

 private:
  const std::shared_ptr<ActorExecutor> executor_;
  const std::string socket_;
  // Of the socket, where the actor's own has too long a name.
  const std::optional<TemporaryDirectory> folder_;
  // Ends after `calls_` has been closed.
  const std::unique_ptr<QueueThreads> threads_;
  const std::shared_ptr<SocketCalls> calls_;
  std::shared_ptr<ChildProcess> child_;
};

// A name for gRPC: paths are part of a URI there.
std::string TargetOf(const std::string& path) {
  std::string target = "unix:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("/._-~", c)) {
      target.push_back(c);
    } else {
      absl::StrAppendFormat(&target, "%%%02X", byte);
    }
  }
  return target;
}

grpc::ChannelArguments MakeArguments() {
  grpc::ChannelArguments arguments;
  // A channel of its own for each run: the socket's path may be that of the last one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // gRPC repeats no call of ours, and in 1.51 a call that is cancelled right after its first message may never end
  // while its filter for that is in the way.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, INT_MAX);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return arguments;
}

// Whether something accepts connections at `path`.
bool Accepts(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const absl::Cleanup close = [fd] { ::close(fd); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// One attempt to get a program to serve.
class ExecStart {
 public:
  ExecStart(const ProcessActorSpec& spec, std::string program, absl::AnyInvocable<void(absl::Status)> ended)
      : spec_(spec),
        program_(std::move(program)),
        state_(std::make_shared<RunState>(std::move(ended))),
        began_(absl::Now()),
        limit_(spec.manifest.limits().start_timeout_ms() == 0
                   ? kStartTime
                   : absl::Milliseconds(spec.manifest.limits().start_timeout_ms())),
        deadline_(began_ + limit_) {}

  absl::StatusOr<std::unique_ptr<ActorProcess>> Run() {
    PARANET_RETURN_IF_ERROR(ChooseSocket());
    ChildProcessSpec child = ChildSpecFor(spec_);
    child.command = {program_};
    const auto& command = spec_.manifest.exec().command();
    child.command.insert(child.command.end(), command.begin() + 1, command.end());
    child.env = spec_.env;
    child.env["PARANET_ACTOR_SOCKET"] = socket_;
    child.env["PARANET_ACTOR_ID"] = spec_.manifest.id();
    child.env["PARANET_PACKAGE_DIR"] = spec_.dir;
    child.confinement.unix_sockets = true;
    child.confinement.exec = true;
    if (folder_.has_value()) child.confinement.socket_dir = folder_->path();
    PARANET_ASSIGN_OR_RETURN(std::unique_ptr<ChildProcess> process,
                             ChildProcess::Start(std::move(child), [state = state_](absl::Status reason) {
                               state->OnEnded(reason.ok() ? absl::UnavailableError("exit code 0") : std::move(reason));
                             }));
    const absl::Status ready = WaitUntilReady();
    if (!ready.ok()) {
      // Its last words are in the log when it has gone.
      process->Kill();
      process = nullptr;
      ::unlink(socket_.c_str());
      return WithLastLines(ready);
    }
    auto threads = std::make_unique<QueueThreads>(1);
    auto calls = std::make_shared<SocketCalls>(SocketCalls::Options{
        .name = spec_.name, .channel = channel_, .queue = threads->queue(), .executor = spec_.executor.get()});
    if (const absl::Status ended = state_->SetReady(calls); !ended.ok()) {
      process = nullptr;
      ::unlink(socket_.c_str());
      return WithLastLines(Ended(ended));
    }
    return std::make_unique<ExecProcess>(spec_.executor, std::move(threads), std::move(calls), std::move(process),
                                         socket_, std::move(folder_));
  }

 private:
  // A name of its own for each run: an upgrade has two of them at the same time.
  absl::Status ChooseSocket() {
    PARANET_RETURN_IF_ERROR(MakeDirectories(spec_.work_dir, 0700));
    RemoveStaleSockets();
    const std::string name = absl::StrFormat("%x%s", absl::ToUnixMicros(began_), kSocketSuffix);
    socket_ = absl::StrCat(spec_.work_dir, "/", name);
    if (socket_.size() >= kMaxSocketPath) {
      PARANET_ASSIGN_OR_RETURN(TemporaryDirectory folder, TemporaryDirectory::Create("pn"));
      folder_ = std::move(folder);
      socket_ = absl::StrCat(folder_->path(), "/", name);
    }
    if (socket_.size() < kMaxSocketPath) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("the socket of actor ", spec_.name, " would be ", socket_,
                     ", which is longer than a socket's path may be; set TMPDIR to a shorter one"));
  }

  // Those of runs whose node was killed.
  void RemoveStaleSockets() const {
    std::error_code error;
    std::vector<std::string> stale;
    for (const auto& entry : std::filesystem::directory_iterator(spec_.work_dir, error)) {
      const std::string path = entry.path().string();
      int64_t made = 0;
      const std::string stem = entry.path().stem().string();
      if (!absl::EndsWith(path, kSocketSuffix) || !absl::SimpleHexAtoi(stem, &made)) continue;
      // A young one may belong to a program that is about to listen.
      if (absl::FromUnixMicros(made) < began_ - kStale && !Accepts(path)) stale.push_back(path);
    }
    for (const std::string& path : stale) ::unlink(path.c_str());
  }

  absl::Status WaitUntilReady() {
    while (!Accepts(socket_)) {
      PARANET_RETURN_IF_ERROR(Pause(kLookEvery, "did not open its socket, $PARANET_ACTOR_SOCKET,"));
    }
    channel_ = grpc::CreateCustomChannel(TargetOf(socket_), grpc::InsecureChannelCredentials(), MakeArguments());
    while (!channel_->WaitForConnected(absl::ToChronoTime(absl::Now() + kAskEvery))) {
      PARANET_RETURN_IF_ERROR(Pause(absl::ZeroDuration(), "opened its socket but did not speak HTTP/2 on it"));
    }
    PARANET_RETURN_IF_ERROR(WaitForHealth());
    return CheckReflection();
  }

  absl::Status WaitForHealth() {
    const auto stub = health::Health::NewStub(channel_);
    while (true) {
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(deadline_));
      health::HealthCheckResponse response;
      const grpc::Status status = stub->Check(&context, health::HealthCheckRequest(), &response);
      if (status.ok() && response.status() == health::HealthCheckResponse::SERVING) return absl::OkStatus();
      const bool answered = status.error_code() != grpc::StatusCode::UNAVAILABLE &&
                            status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED;
      // It does not serve the protocol, and has said so.
      if (!status.ok() && answered) return absl::OkStatus();
      PARANET_RETURN_IF_ERROR(Pause(
          kAskEvery, status.ok() ? absl::StrCat("said ", HealthName(response.status()), " of its health, not SERVING,")
                                 : std::string("did not answer calls")));
    }
  }

  static std::string HealthName(health::HealthCheckResponse::ServingStatus status) {
    const std::string name = health::HealthCheckResponse::ServingStatus_Name(status);
    return name.empty() ? absl::StrCat(static_cast<int>(status)) : name;
  }

  // The services that it says it serves, where it does.
  absl::Status CheckReflection() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kReflectionTime));
    const auto stream = reflection::ServerReflection::NewStub(channel_)->ServerReflectionInfo(&context);
    reflection::ServerReflectionRequest request;
    request.set_list_services("*");
    reflection::ServerReflectionResponse response;
    const bool answered = stream->Write(request) && stream->Read(&response);
    context.TryCancel();
    // Read to its end, which the call needs.
    reflection::ServerReflectionResponse rest;
    while (stream->Read(&rest)) rest.Clear();
    stream->Finish().IgnoreError();
    if (!answered || !response.has_list_services_response()) return absl::OkStatus();
    std::set<std::string> services;
    for (const auto& service : response.list_services_response().service()) services.insert(service.name());
    for (const auto& set : spec_.skill_sets) {
      if (services.contains(set->name())) continue;
      return absl::InvalidArgumentError(absl::StrCat(Program(), " says by gRPC's reflection that it serves ",
                                                     absl::StrJoin(services, ", "), ", but not ", set->name(),
                                                     ", which paranet.yaml says it serves"));
    }
    return absl::OkStatus();
  }

  // Waits for a moment. An error if the process has ended, or has had its time and `did` that.
  absl::Status Pause(absl::Duration pause, absl::string_view did) {
    const absl::Time now = absl::Now();
    if (const absl::Status ended = state_->WaitForEnd(std::min(now + pause, deadline_)); !ended.ok()) {
      return Ended(ended);
    }
    if (now < deadline_) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(Program(), " ", did, " within ", absl::FormatDuration(limit_), " (limits.start_timeout_ms)"));
  }

  absl::Status Ended(const absl::Status& reason) const {
    return absl::InvalidArgumentError(
        absl::StrCat(Program(), " ended before it served gRPC on $PARANET_ACTOR_SOCKET: ", reason.message()));
  }

  absl::Status WithLastLines(const absl::Status& status) const {
    std::vector<std::string> lines;
    for (ActorLog::Line& line : spec_.log->Tail(kLastLines)) {
      const bool printed = line.level == ActorLog::Level::kStdout || line.level == ActorLog::Level::kStderr;
      if (printed && line.at >= began_) lines.push_back(std::move(line.text));
    }
    const std::string said = lines.empty() ? std::string("It wrote nothing.")
                                           : absl::StrCat("Its last lines:\n  ", absl::StrJoin(lines, "\n  "));
    return absl::InvalidArgumentError(absl::StrCat(status.message(), ". ", said));
  }

  std::string Program() const { return absl::StrCat("the program ", spec_.manifest.exec().command(0)); }

  const ProcessActorSpec& spec_;
  const std::string program_;
  const std::shared_ptr<RunState> state_;
  const absl::Time began_;
  const absl::Duration limit_;
  const absl::Time deadline_;
  std::string socket_;
  std::optional<TemporaryDirectory> folder_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace

absl::StatusOr<StartActorProcess> MakeExecActor(const ProcessActorSpec& spec) {
  const auto& command = spec.manifest.exec().command();
  if (command.empty()) return absl::InvalidArgumentError("exec names no program");
  const std::vector<std::string> parts = absl::StrSplit(command[0], '/');
  for (const std::string& part : parts) {
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(absl::StrCat("exec \"", absl::Utf8SafeCEscape(command[0]),
                                                     "\" must be a path within the package, without \".\" and \"..\""));
    }
  }
  std::string program = absl::StrCat(spec.dir, "/", command[0]);
  struct stat info {};
  if (::stat(program.c_str(), &info) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("exec ", command[0], ": ", std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode) || ::access(program.c_str(), X_OK) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("exec ", command[0], " is no program that may be executed: run chmod +x on it and build again"));
  }
  auto kept = std::make_shared<const ProcessActorSpec>(spec);
  return StartActorProcess([kept, program = std::move(program)](absl::AnyInvocable<void(absl::Status)> ended)
                               -> absl::StatusOr<std::unique_ptr<ActorProcess>> {
    return ExecStart(*kept, program, std::move(ended)).Run();
  });
}

}  // namespace paranet
