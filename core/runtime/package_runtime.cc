#include "core/runtime/package_runtime.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_process.h"
#include "core/runtime/exec_actor.h"
#include "core/runtime/library_module.h"
#include "core/runtime/library_worker.h"
#include "core/runtime/native_provider.h"
#include "core/runtime/python_actor.h"
#include "core/runtime/supervision/supervised_provider.h"

namespace paranet {
namespace {

constexpr size_t kMaxDescriptorBytes = size_t{4} << 20;
// Beyond this a queue is no limit any more.
constexpr uint32_t kMaxMailbox = 65'536;
constexpr uint32_t kMaxStreams = 4'096;
// Of an actor in a process of its own whose manifest and settings do not say.
constexpr uint64_t kDefaultMemory = uint64_t{1} << 30;

class RunningPackageImpl final : public RunningPackage {
 public:
  ~RunningPackageImpl() override { Stop(absl::InfinitePast()); }

  void Add(std::shared_ptr<NativeProvider> provider, std::shared_ptr<ActorLog> log,
           std::vector<std::shared_ptr<const SkillSet>> sets) {
    offers_.push_back({.provider = provider, .skill_sets = std::move(sets)});
    actors_.push_back({.native = std::move(provider), .supervised = nullptr, .log = std::move(log)});
  }
  void Add(std::shared_ptr<SupervisedProvider> provider, std::shared_ptr<ActorLog> log,
           std::vector<std::shared_ptr<const SkillSet>> sets) {
    offers_.push_back({.provider = provider, .skill_sets = std::move(sets)});
    actors_.push_back({.native = nullptr, .supervised = std::move(provider), .log = std::move(log)});
  }

  const std::vector<Offer>& offers() const override { return offers_; }

  void Stop(absl::Time deadline) override {
    for (const Actor& actor : actors_) {
      if (actor.native != nullptr) actor.native->BeginStop();
      if (actor.supervised != nullptr) actor.supervised->BeginStop();
    }
    for (const Actor& actor : actors_) {
      if (actor.native != nullptr) actor.native->FinishStop(deadline);
      if (actor.supervised != nullptr) actor.supervised->FinishStop(deadline);
    }
  }

  std::vector<v1::ActorInfo> actors() const override {
    std::vector<v1::ActorInfo> infos;
    for (const Actor& actor : actors_) {
      if (actor.supervised != nullptr) {
        infos.push_back(actor.supervised->Info());
        continue;
      }
      v1::ActorInfo info;
      info.set_name(actor.native->name());
      info.set_state(actor.native->available() ? v1::ActorInfo::RUNNING : v1::ActorInfo::STOPPING);
      info.set_isolation(v1::ActorManifest::IN_PROCESS);
      info.set_code("library");
      info.set_outstanding(actor.native->outstanding());
      infos.push_back(std::move(info));
    }
    return infos;
  }
  const ActorLog& log(size_t index) const override { return *actors_[index].log; }

 private:
  // One of the two.
  struct Actor {
    std::shared_ptr<NativeProvider> native;
    std::shared_ptr<SupervisedProvider> supervised;
    std::shared_ptr<ActorLog> log;
  };

  std::vector<Offer> offers_;
  std::vector<Actor> actors_;
};

// The file `path` of the package that lies under `dir`.
absl::StatusOr<std::string> FileOf(const std::string& dir, const std::string& path, absl::string_view what) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  for (const std::string& part : parts) {
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " \"", path, "\" must be a path within the package, without \".\" and \"..\""));
    }
  }
  return absl::StrCat(dir, "/", path);
}

// The manifest with what the operator says in its place.
absl::Status Apply(const ActorSettings& settings, v1::ActorManifest& actor) {
  if (actor.network() && !settings.network) {
    return absl::PermissionDeniedError(
        "it asks for the network, which this node does not grant it; remove `network` from its manifest, or let the "
        "node's operator grant it");
  }
  if (settings.isolation.has_value()) actor.set_isolation(*settings.isolation);
  for (const auto& [key, value] : settings.env) (*actor.mutable_env())[key] = value;
  v1::ActorLimits& limits = *actor.mutable_limits();
  const v1::ActorLimits& given = settings.limits;
  if (given.mailbox() != 0) limits.set_mailbox(given.mailbox());
  if (given.streams() != 0) limits.set_streams(given.streams());
  if (given.memory_bytes() != 0) limits.set_memory_bytes(given.memory_bytes());
  if (given.processors_milli() != 0) limits.set_processors_milli(given.processors_milli());
  if (given.open_files() != 0) limits.set_open_files(given.open_files());
  if (given.processes() != 0) limits.set_processes(given.processes());
  if (given.cpu_seconds() != 0) limits.set_cpu_seconds(given.cpu_seconds());
  if (given.start_timeout_ms() != 0) limits.set_start_timeout_ms(given.start_timeout_ms());
  if (given.hang_timeout_ms() != 0) limits.set_hang_timeout_ms(given.hang_timeout_ms());
  if (given.per_caller() != 0) limits.set_per_caller(given.per_caller());
  return absl::OkStatus();
}

// Decides where the actor's code runs.
absl::StatusOr<v1::ActorManifest::Isolation> IsolationOf(const v1::ActorManifest& actor,
                                                         const RuntimeOptions& options) {
  if (actor.code_case() == v1::ActorManifest::CODE_NOT_SET) {
    return absl::InvalidArgumentError("it has no code: name one of library, exec and python");
  }
  if (actor.code_case() != v1::ActorManifest::kLibrary) {
    if (actor.isolation() != v1::ActorManifest::IN_PROCESS) return v1::ActorManifest::PROCESS;
    return absl::InvalidArgumentError(
        "only a library can run in the node's process; a program or a Python module has isolation process");
  }
  const v1::ActorManifest::Isolation isolation =
      actor.isolation() != v1::ActorManifest::ISOLATION_UNSPECIFIED ? actor.isolation() : options.isolation;
  const v1::ActorLimits& limits = actor.limits();
  if (isolation != v1::ActorManifest::PROCESS &&
      (limits.memory_bytes() != 0 || limits.processors_milli() != 0 || limits.open_files() != 0 ||
       limits.processes() != 0 || limits.cpu_seconds() != 0)) {
    return absl::InvalidArgumentError(
        "its limits of memory, processors, files and processes need a process of its own; set isolation to process");
  }
  return isolation;
}

absl::StatusOr<uint32_t> Limit(uint32_t given, uint32_t standard, uint32_t most, absl::string_view what) {
  if (given > most) return absl::InvalidArgumentError(absl::StrCat("limits.", what, " is ", given, "; at most ", most));
  return given == 0 ? standard : given;
}

absl::StatusOr<std::vector<std::shared_ptr<const SkillSet>>> SkillSetsOf(const v1::ActorManifest& actor,
                                                                         const std::string& dir) {
  PARANET_ASSIGN_OR_RETURN(const std::string descriptors_file, FileOf(dir, actor.descriptors(), "descriptors"));
  absl::StatusOr<std::string> descriptors = ReadFile(descriptors_file, kMaxDescriptorBytes);
  if (!descriptors.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("descriptors ", actor.descriptors(), ": ", descriptors.status().message()));
  }
  if (actor.skill_sets().empty()) return absl::InvalidArgumentError("it serves no skill set; name one in skillsets");
  std::vector<std::shared_ptr<const SkillSet>> sets;
  std::set<std::string> names;
  for (const std::string& name : actor.skill_sets()) {
    if (!names.insert(name).second)
      return absl::InvalidArgumentError(absl::StrCat("skill set ", name, " stands twice"));
    absl::StatusOr<std::shared_ptr<const SkillSet>> set = SkillSet::Create(*descriptors, name);
    if (!set.ok()) return Annotate(set.status(), actor.descriptors());
    sets.push_back(*std::move(set));
  }
  return sets;
}

absl::Status StartNative(const v1::ActorManifest& actor, const std::string& dir, const RuntimeOptions& options,
                         std::vector<std::shared_ptr<const SkillSet>> sets, RunningPackageImpl& package) {
  NativeActorOptions native{.id = actor.id(),
                            .name = absl::StrCat(actor.id(), "@", actor.version()),
                            .config = {actor.env().begin(), actor.env().end()},
                            .concurrent = actor.concurrency() == v1::ActorManifest::CONCURRENT};
  PARANET_ASSIGN_OR_RETURN(native.mailbox, Limit(actor.limits().mailbox(), native.mailbox, kMaxMailbox, "mailbox"));
  PARANET_ASSIGN_OR_RETURN(native.streams, Limit(actor.limits().streams(), native.streams, kMaxStreams, "streams"));
  native.per_caller = actor.limits().per_caller();
  native.caller = options.caller;
  native.log = std::make_shared<ActorLog>(native.name, options.logger);
  PARANET_ASSIGN_OR_RETURN(const std::string library, FileOf(dir, actor.library(), "library"));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const LibraryModule> module, LibraryModule::Load(library));
  PARANET_RETURN_IF_ERROR(module->CheckServes(sets));
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<NativeProvider> provider,
                           NativeProvider::Start(module, native, options.executor, options.logger));
  package.Add(std::move(provider), native.log, std::move(sets));
  return absl::OkStatus();
}

absl::StatusOr<StartActorProcess> MakeStart(const ProcessActorSpec& spec, const RuntimeOptions& options) {
  switch (spec.manifest.code_case()) {
    case v1::ActorManifest::kExec:
      return MakeExecActor(spec);
    case v1::ActorManifest::kPython: {
      if (options.python_runtime == nullptr) {
        return absl::UnimplementedError("its code is \"python\", but this node has no runtime for Python actors");
      }
      PARANET_ASSIGN_OR_RETURN(const std::string runtime, options.python_runtime());
      return MakePythonActor(spec, runtime);
    }
    default:
      return MakeLibraryWorker(spec);
  }
}

absl::Status StartProcess(const v1::ActorManifest& actor, const std::string& package_id, const std::string& dir,
                          const RuntimeOptions& options, std::vector<std::shared_ptr<const SkillSet>> sets,
                          RunningPackageImpl& package) {
  if (options.work_dir.empty()) {
    return absl::FailedPreconditionError("it needs a process of its own, and this node has no folder for those");
  }
  ProcessActorSpec spec;
  spec.manifest = actor;
  SupervisionOptions supervision;
  v1::ActorLimits& limits = *spec.manifest.mutable_limits();
  PARANET_ASSIGN_OR_RETURN(const uint32_t mailbox,
                           Limit(limits.mailbox(), supervision.mailbox, kMaxMailbox, "mailbox"));
  PARANET_ASSIGN_OR_RETURN(const uint32_t streams,
                           Limit(limits.streams(), supervision.streams, kMaxStreams, "streams"));
  limits.set_mailbox(mailbox);
  limits.set_streams(streams);
  if (limits.memory_bytes() == 0) limits.set_memory_bytes(kDefaultMemory);
  spec.name = absl::StrCat(actor.id(), "@", actor.version());
  // The confinement, and the program, know no other current directory than the actor's.
  std::error_code error;
  spec.dir = std::filesystem::absolute(dir, error).lexically_normal();
  spec.work_dir = std::filesystem::absolute(absl::StrCat(options.work_dir, "/", package_id, "/", actor.id()), error)
                      .lexically_normal();
  PARANET_RETURN_IF_ERROR(MakeDirectories(spec.work_dir));
  spec.env = {actor.env().begin(), actor.env().end()};
  spec.network = actor.network();
  spec.skill_sets = sets;
  spec.executor = options.executor;
  spec.caller = options.caller;
  spec.log = std::make_shared<ActorLog>(spec.name, options.logger);
  PARANET_ASSIGN_OR_RETURN(StartActorProcess start, MakeStart(spec, options));

  supervision.name = spec.name;
  supervision.code = actor.code_case() == v1::ActorManifest::kExec     ? "exec"
                     : actor.code_case() == v1::ActorManifest::kPython ? "python"
                                                                       : "library";
  supervision.mailbox = mailbox;
  supervision.per_caller = limits.per_caller();
  supervision.streams = streams;
  supervision.memory_bytes = limits.memory_bytes();
  if (limits.hang_timeout_ms() != 0) supervision.hang_timeout = absl::Milliseconds(limits.hang_timeout_ms());
  supervision.log = spec.log;
  supervision.changed = options.changed;
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<SupervisedProvider> provider,
                           SupervisedProvider::Start(std::move(supervision), std::move(start)));
  package.Add(std::move(provider), spec.log, std::move(sets));
  return absl::OkStatus();
}

absl::Status StartActor(v1::ActorManifest actor, const std::string& package_id, const std::string& dir,
                        const RuntimeOptions& options, RunningPackageImpl& package) {
  ActorSettings settings;
  if (options.settings != nullptr) {
    PARANET_ASSIGN_OR_RETURN(settings, options.settings(package_id, actor.id()));
  }
  PARANET_RETURN_IF_ERROR(Apply(settings, actor));
  PARANET_ASSIGN_OR_RETURN(const v1::ActorManifest::Isolation isolation, IsolationOf(actor, options));
  PARANET_ASSIGN_OR_RETURN(std::vector<std::shared_ptr<const SkillSet>> sets, SkillSetsOf(actor, dir));
  if (isolation == v1::ActorManifest::PROCESS) {
    return StartProcess(actor, package_id, dir, options, std::move(sets), package);
  }
  return StartNative(actor, dir, options, std::move(sets), package);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningPackage>> StartPackage(const v1::Manifest& manifest, const std::string& dir,
                                                             const RuntimeOptions& options) {
  auto package = std::make_unique<RunningPackageImpl>();
  std::set<std::string> ids;
  for (const v1::ActorManifest& actor : manifest.actors()) {
    const std::string what = absl::StrCat("actor ", actor.id());
    if (!ids.insert(actor.id()).second) return absl::InvalidArgumentError(absl::StrCat(what, " stands twice"));
    PARANET_RETURN_IF_ERROR(Annotate(StartActor(actor, manifest.id(), dir, options, *package), what));
  }
  return package;
}

}  // namespace paranet
