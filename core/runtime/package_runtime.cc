#include "core/runtime/package_runtime.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/library_module.h"
#include "core/runtime/native_provider.h"

namespace paranet {
namespace {

constexpr size_t kMaxDescriptorBytes = size_t{4} << 20;
// Beyond this a queue is no limit any more.
constexpr uint32_t kMaxMailbox = 65'536;
constexpr uint32_t kMaxStreams = 4'096;

class NativePackage final : public RunningPackage {
 public:
  NativePackage(std::shared_ptr<ActorExecutor> executor, Logger logger)
      : executor_(std::move(executor)), logger_(std::move(logger)) {}
  ~NativePackage() override { Stop(absl::InfinitePast()); }

  void Add(std::shared_ptr<NativeProvider> provider, std::vector<std::shared_ptr<const SkillSet>> sets) {
    offers_.push_back({.provider = provider, .skill_sets = std::move(sets)});
    providers_.push_back(std::move(provider));
  }

  const std::shared_ptr<ActorExecutor>& executor() const { return executor_; }
  const Logger& logger() const { return logger_; }
  const std::vector<Offer>& offers() const override { return offers_; }

  void Stop(absl::Time deadline) override {
    for (const auto& provider : providers_) provider->BeginStop();
    for (const auto& provider : providers_) provider->FinishStop(deadline);
  }

 private:
  const std::shared_ptr<ActorExecutor> executor_;
  const Logger logger_;
  std::vector<Offer> offers_;
  std::vector<std::shared_ptr<NativeProvider>> providers_;
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

// Whether this node can run the actor as its manifest asks.
absl::Status CheckCode(const v1::ActorManifest& actor) {
  constexpr char kCan[] = "this node runs actors with \"library\" and isolation in_process";
  switch (actor.code_case()) {
    case v1::ActorManifest::kLibrary:
      break;
    case v1::ActorManifest::kExec:
      return absl::UnimplementedError(absl::StrCat("its code is \"exec\", a program, but ", kCan));
    case v1::ActorManifest::kPython:
      return absl::UnimplementedError(absl::StrCat("its code is \"python\", a module, but ", kCan));
    default:
      return absl::InvalidArgumentError(absl::StrCat("it has no code; ", kCan));
  }
  if (actor.isolation() == v1::ActorManifest::PROCESS) {
    return absl::UnimplementedError(absl::StrCat("its isolation is process, but ", kCan));
  }
  if (actor.limits().memory_bytes() != 0 || actor.limits().processors_milli() != 0) {
    return absl::UnimplementedError(
        absl::StrCat("its limits of memory or processors need a process of its own, but ", kCan));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> Limit(uint32_t given, uint32_t standard, uint32_t most, absl::string_view what) {
  if (given > most) return absl::InvalidArgumentError(absl::StrCat("limits.", what, " is ", given, "; at most ", most));
  return given == 0 ? standard : given;
}

absl::Status StartActor(const v1::ActorManifest& actor, const std::string& dir, NativePackage& package) {
  PARANET_RETURN_IF_ERROR(CheckCode(actor));
  NativeActorOptions options{.id = actor.id(),
                             .name = absl::StrCat(actor.id(), "@", actor.version()),
                             .config = {actor.env().begin(), actor.env().end()},
                             .concurrent = actor.concurrency() == v1::ActorManifest::CONCURRENT};
  PARANET_ASSIGN_OR_RETURN(options.mailbox, Limit(actor.limits().mailbox(), options.mailbox, kMaxMailbox, "mailbox"));
  PARANET_ASSIGN_OR_RETURN(options.streams, Limit(actor.limits().streams(), options.streams, kMaxStreams, "streams"));

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

  PARANET_ASSIGN_OR_RETURN(const std::string library, FileOf(dir, actor.library(), "library"));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const LibraryModule> module, LibraryModule::Load(library));
  PARANET_RETURN_IF_ERROR(module->CheckServes(sets));
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<NativeProvider> provider,
                           NativeProvider::Start(module, std::move(options), package.executor(), package.logger()));
  package.Add(std::move(provider), std::move(sets));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningPackage>> StartPackage(const v1::Manifest& manifest, const std::string& dir,
                                                             std::shared_ptr<ActorExecutor> executor, Logger logger) {
  auto package = std::make_unique<NativePackage>(std::move(executor), std::move(logger));
  std::set<std::string> ids;
  for (const v1::ActorManifest& actor : manifest.actors()) {
    const std::string what = absl::StrCat("actor ", actor.id());
    if (!ids.insert(actor.id()).second) return absl::InvalidArgumentError(absl::StrCat(what, " stands twice"));
    PARANET_RETURN_IF_ERROR(Annotate(StartActor(actor, dir, *package), what));
  }
  return package;
}

}  // namespace paranet
