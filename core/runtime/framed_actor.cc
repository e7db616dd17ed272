#include "core/runtime/framed_actor.h"

#include <sys/socket.h>

#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/base/unique_fd.h"
#include "core/runtime/framed/frame_connection.h"
#include "core/worker/serve.h"

namespace paranet {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(10);
// From a connection's end to its process's: that knows the reason.
constexpr absl::Duration kEndPatience = absl::Seconds(1);

using Methods = std::map<std::string, uint16_t, std::less<>>;

absl::StatusOr<Methods> CheckServes(const std::vector<FrameConnection::Method>& served,
                                    const std::vector<std::shared_ptr<const SkillSet>>& sets) {
  Methods methods;
  std::vector<std::string> paths;
  for (size_t i = 0; i < served.size(); ++i) {
    if (!methods.emplace(served[i].path, static_cast<uint16_t>(i)).second) {
      return absl::InvalidArgumentError(absl::StrCat("it lists ", served[i].path, " twice"));
    }
    paths.push_back(served[i].path);
  }
  size_t wanted = 0;
  for (const std::shared_ptr<const SkillSet>& set : sets) {
    for (const Skill& skill : set->skills()) {
      ++wanted;
      const auto found = methods.find(skill.path);
      if (found == methods.end()) {
        return absl::InvalidArgumentError(absl::StrCat("it does not serve ", skill.path, " of skill set ", set->name(),
                                                       ", which the manifest says it serves.",
                                                       DidYouMean(skill.path, paths)));
      }
      const FrameConnection::Method& method = served[found->second];
      if (method.client_streams != skill.client_streams() || method.server_streams != skill.server_streams()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "it serves ", skill.path, " in another shape than its descriptors say; build both from the same .proto"));
      }
    }
  }
  if (wanted == served.size()) return methods;
  for (const std::string& path : paths) {
    bool known = false;
    for (const std::shared_ptr<const SkillSet>& set : sets) {
      for (const Skill& skill : set->skills()) known |= skill.path == path;
    }
    if (!known) {
      return absl::InvalidArgumentError(absl::StrCat(
          "it serves ", path, ", which is in no skill set of the actor; add its service to skillsets in paranet.yaml"));
    }
  }
  return methods;
}

// Memory that is reserved (stacks, heaps of threads) counts here and costs nothing: what is used is the supervisor's to
// watch, and this is the wall behind it. Runtimes of other languages reserve what they like.
uint64_t AddressSpace(const v1::ActorManifest& manifest) {
  const uint64_t memory = manifest.limits().memory_bytes();
  if (memory == 0 || manifest.code_case() == v1::ActorManifest::kExec) return 0;
  constexpr uint64_t kReserved = uint64_t{512} << 20;
  return (2 * memory) + kReserved;
}

// A process that serves its actor over frames. What its callbacks need outlives it in Shared.
class FramedActor final : public ActorProcess {
 public:
  // What outlives the actor in callbacks.
  struct Shared {
    absl::Mutex mu;
    // Why the node ended it, where it did.
    absl::Status violation ABSL_GUARDED_BY(mu);
    // Null once the actor is gone; and while it starts.
    ChildProcess* child ABSL_GUARDED_BY(mu) = nullptr;
    bool ready ABSL_GUARDED_BY(mu) = false;
    // Why it ended before it was ready.
    absl::Status early ABSL_GUARDED_BY(mu);
    bool ended ABSL_GUARDED_BY(mu) = false;
    absl::AnyInvocable<void(absl::Status)> on_ended ABSL_GUARDED_BY(mu);
  };

  FramedActor(std::string name, std::shared_ptr<FrameConnection> connection, std::shared_ptr<Shared> shared)
      : name_(std::move(name)), connection_(std::move(connection)), shared_(std::move(shared)) {}

  ~FramedActor() override {
    {
      absl::MutexLock lock(&shared_->mu);
      shared_->child = nullptr;
      shared_->on_ended = nullptr;
    }
    if (child_ != nullptr) child_->Kill();
    connection_->Close(absl::UnavailableError(absl::StrCat("actor ", name_, " was stopped")));
    child_.reset();
  }

  void SetChild(std::unique_ptr<ChildProcess> child) {
    child_ = std::move(child);
    absl::MutexLock lock(&shared_->mu);
    shared_->child = child_.get();
  }
  void SetMethods(Methods methods) { methods_ = std::move(methods); }

  int64_t pid() const override { return child_->pid(); }
  std::vector<std::string> confinement() const override { return child_->confinement(); }

  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override {
    const auto method = methods_.find(context.skill->path);
    if (method == methods_.end()) {
      struct EndedCall final : CallHandle {
        void Cancel() override {}
      };
      std::move(done)(UnaryResult{.status = NotServed(context), .unprocessed = true});
      return std::make_shared<EndedCall>();
    }
    return connection_->CallUnary(method->second, std::move(context), request, std::move(done));
  }
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override {
    const auto method = methods_.find(context.skill->path);
    if (method == methods_.end()) {
      stream->Finish(NotServed(context), {});
      return;
    }
    connection_->CallStream(method->second, std::move(context), std::move(stream));
  }
  void Ping(absl::AnyInvocable<void()> alive) override { connection_->Ping(std::move(alive)); }
  void BeginStop() override { connection_->SendStop(); }
  void Kill() override { child_->Kill(); }

 private:
  absl::Status NotServed(const CallContext& context) const {
    return absl::UnimplementedError(absl::StrCat("actor ", name_, " does not serve ", context.skill->path));
  }

  const std::string name_;
  const std::shared_ptr<FrameConnection> connection_;
  const std::shared_ptr<Shared> shared_;
  std::unique_ptr<ChildProcess> child_;
  Methods methods_;
};

// The process has ended: so does the connection, with the reason, and whoever waits is told.
void OnEnded(const std::shared_ptr<FramedActor::Shared>& shared, const std::weak_ptr<FrameConnection>& weak,
             const std::string& name, absl::Status status) {
  absl::AnyInvocable<void(absl::Status)> ended;
  {
    absl::MutexLock lock(&shared->mu);
    if (!shared->violation.ok()) status = shared->violation;
    shared->ended = true;
    if (shared->ready) {
      ended = std::exchange(shared->on_ended, nullptr);
    } else {
      // What it said before is still to be read, up to the end of the connection, which has come with its end.
      shared->early = std::move(status);
      return;
    }
  }
  if (const std::shared_ptr<FrameConnection> connection = weak.lock()) {
    connection->Close(
        absl::UnavailableError(absl::StrCat("the process of actor ", name, " has ended: ", status.message())));
  }
  if (ended != nullptr) std::move(ended)(std::move(status));
}

}  // namespace

ChildProcessSpec ChildSpecFor(const ProcessActorSpec& spec) {
  ChildProcessSpec child;
  child.name = spec.name;
  child.log = spec.log;
  const v1::ActorLimits& limits = spec.manifest.limits();
  child.confinement = {.work_dir = spec.work_dir,
                       .readable = {spec.dir},
                       .network = spec.network,
                       .unix_sockets = false,
                       .exec = false,
                       .socket_dir = "",
                       .address_space_bytes = AddressSpace(spec.manifest),
                       .cpu_seconds = limits.cpu_seconds(),
                       .open_files = limits.open_files(),
                       .processes = limits.processes(),
                       .processors_milli = limits.processors_milli()};
  return child;
}

absl::StatusOr<std::unique_ptr<ActorProcess>> StartFramedActor(const ProcessActorSpec& spec, ChildProcessSpec child,
                                                               absl::AnyInvocable<void(absl::Status)> ended) {
  const v1::ActorLimits& limits = spec.manifest.limits();
  const absl::Time patience =
      absl::Now() + (limits.start_timeout_ms() == 0 ? kStartPatience : absl::Milliseconds(limits.start_timeout_ms()));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a pair of sockets");
  }
  UniqueFd ours(ends[0]);
  child.descriptors.emplace_back(ends[1], kWorkerDescriptor);

  FrameConnection::Options options;
  options.name = spec.name;
  options.actor_id = spec.manifest.id();
  options.config = spec.env;
  options.concurrent = spec.manifest.concurrency() == v1::ActorManifest::CONCURRENT;
  if (limits.mailbox() != 0) options.mailbox = limits.mailbox();
  if (limits.streams() != 0) options.streams = limits.streams();
  options.executor = spec.executor;
  options.caller = spec.caller;
  options.log = spec.log;
  auto connection = std::make_shared<FrameConnection>(std::move(ours), std::move(options));
  auto shared = std::make_shared<FramedActor::Shared>();
  {
    absl::MutexLock lock(&shared->mu);
    shared->on_ended = std::move(ended);
  }
  auto actor = std::make_unique<FramedActor>(spec.name, connection, shared);

  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(
      std::move(child), [shared, weak = std::weak_ptr<FrameConnection>(connection),
                         name = spec.name](absl::Status status) { OnEnded(shared, weak, name, std::move(status)); });
  if (!process.ok()) return process.status();
  actor->SetChild(*std::move(process));
  connection->Start([shared, executor = spec.executor](const absl::Status& broken) {
    absl::MutexLock lock(&shared->mu);
    if (shared->child == nullptr || shared->ended) return;
    if (absl::IsInvalidArgument(broken)) {
      shared->violation = absl::UnavailableError(absl::StrCat("it has broken the protocol: ", broken.message()));
      shared->child->Kill();
      return;
    }
    // It is about to end, or it must.
    executor->timer().Add(absl::Now() + kEndPatience, [shared, broken] {
      absl::MutexLock late(&shared->mu);
      if (shared->child == nullptr || shared->ended) return;
      shared->violation = absl::UnavailableError(broken.message());
      shared->child->Kill();
    });
  });

  const absl::StatusOr<std::vector<FrameConnection::Method>> served = connection->AwaitReady(patience);
  if (!served.ok()) {
    if (absl::IsDeadlineExceeded(served.status())) {
      return absl::InvalidArgumentError(absl::StrCat(
          spec.name, " did not start within ",
          absl::FormatDuration(limits.start_timeout_ms() == 0 ? kStartPatience
                                                              : absl::Milliseconds(limits.start_timeout_ms()))));
    }
    if (absl::IsInvalidArgument(served.status())) {
      return absl::InvalidArgumentError(absl::StrCat(spec.name, " did not start: ", served.status().message()));
    }
    // The process's end says more than the connection's.
    absl::MutexLock lock(&shared->mu);
    shared->mu.AwaitWithTimeout(absl::Condition(&shared->ended), 2 * kEndPatience);
    const absl::Status& why = shared->early.ok() ? served.status() : shared->early;
    return absl::InvalidArgumentError(absl::StrCat(spec.name, " did not start: ", why.message()));
  }
  absl::StatusOr<Methods> methods = CheckServes(*served, spec.skill_sets);
  if (!methods.ok()) return Annotate(methods.status(), spec.name);
  actor->SetMethods(*std::move(methods));
  absl::MutexLock lock(&shared->mu);
  if (shared->ended) {
    return absl::InvalidArgumentError(absl::StrCat(spec.name, " did not start: ", shared->early.message()));
  }
  shared->ready = true;
  return actor;
}

}  // namespace paranet
