#include "core/node/package_manager.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/node/package_admission.h"
#include "core/package/archive.h"
#include "core/runtime/actor_log.h"
#include "core/skill/skill_id.h"

namespace paranet {
namespace {

bool Offers(const RunningPackage& package, absl::string_view provider) {
  return std::any_of(package.offers().begin(), package.offers().end(),
                     [&](const RunningPackage::Offer& offer) { return offer.provider->name() == provider; });
}

std::string Title(const v1::Manifest& manifest) { return absl::StrCat(manifest.id(), " ", manifest.version()); }

std::string Title(const DeployedPackage& record) { return absl::StrCat(record.id, " ", record.version); }

// Of a version that was checked when it was deployed.
Version VersionOf(const DeployedPackage& record) { return Version::Parse(record.version).value_or(Version()); }

// Running, with all of its actors.
bool IsHealthy(const RunningPackage* running) {
  if (running == nullptr) return false;
  const std::vector<v1::ActorInfo> actors = running->actors();
  return std::none_of(actors.begin(), actors.end(),
                      [](const v1::ActorInfo& actor) { return actor.state() == v1::ActorInfo::QUARANTINED; });
}

std::string LevelName(ActorLog::Level level) {
  switch (level) {
    case ActorLog::Level::kDebug:
      return "debug";
    case ActorLog::Level::kInfo:
      return "info";
    case ActorLog::Level::kWarning:
      return "warning";
    case ActorLog::Level::kError:
      return "error";
    case ActorLog::Level::kStdout:
      return "stdout";
    case ActorLog::Level::kStderr:
      return "stderr";
  }
  return "info";
}

// As it was deployed; the signature is in the record.
absl::StatusOr<Package> ReadStored(const PackageStore& store, const DeployedPackage& record) {
  PARANET_ASSIGN_OR_RETURN(Package package, store.Read(record.digest));
  if (record.signature.empty()) return package;
  if (!package.signature.emplace().ParseFromString(record.signature)) {
    return absl::DataLossError(absl::StrCat("the signature of package ", Title(record),
                                            " was altered in the node's state; deploy the package again"));
  }
  return package;
}

}  // namespace

PackageManager::~PackageManager() { Stop(absl::Now()); }

absl::Status PackageManager::Restore() {
  absl::MutexLock deploying(&deploy_mu_);
  PARANET_ASSIGN_OR_RETURN(std::vector<DeployedPackage> records, options_.state->Packages());
  PARANET_ASSIGN_OR_RETURN(const std::vector<DeployedPackage> previous, options_.state->PreviousPackages());
  for (DeployedPackage& record : records) {
    Entry entry;
    for (const DeployedPackage& version : previous) {
      if (version.id == record.id) entry.previous.push_back(version);
    }
    absl::StatusOr<v1::Manifest> manifest = options_.store->Load(record.digest);
    if (manifest.ok()) {
      entry.manifest = *std::move(manifest);
      absl::StatusOr<std::unique_ptr<RunningPackage>> running = Start(record, entry.manifest, nullptr);
      if (running.ok()) {
        entry.running = *std::move(running);
      } else {
        entry.error = running.status();
      }
    } else {
      entry.error = manifest.status();
    }
    if (!entry.error.ok()) {
      options_.logger->error("package {} {} does not start: {}", record.id, record.version, entry.error.ToString());
    }
    const std::string id = record.id;
    entry.record = std::move(record);
    absl::MutexLock lock(&mu_);
    packages_.insert_or_assign(id, std::move(entry));
  }
  // A crash may have left what was never deployed, or what was on its way out.
  Collect();
  return absl::OkStatus();
}

absl::Status PackageManager::CheckNotStopped() const {
  if (!stopped_) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("node \"", options_.node_name, "\" is stopping"));
}

PackageManager::Entry* PackageManager::Find(const std::string& id) {
  absl::MutexLock lock(&mu_);
  const auto found = packages_.find(id);
  return found == packages_.end() ? nullptr : &found->second;
}

absl::Status PackageManager::NoSuchPackage(const std::string& id) const {
  std::vector<std::string> ids;
  for (const auto& [known, entry] : packages_) ids.push_back(known);
  return absl::NotFoundError(absl::StrCat("node \"", options_.node_name, "\" has no package \"", id, "\".",
                                          DidYouMean(id, ids), " See `paranet package ls`."));
}

std::string PackageManager::OwnerOf(absl::string_view provider, const std::string& id) const {
  absl::MutexLock lock(&mu_);
  for (const auto& [other, entry] : packages_) {
    if (other != id && entry.running != nullptr && Offers(*entry.running, provider)) return other;
  }
  return "";
}

void PackageManager::TakeBack(const RunningPackage& running, size_t count, const RunningPackage* replaced) {
  for (size_t i = 0; i < count; ++i) {
    const std::string& name = running.offers()[i].provider->name();
    bool restored = false;
    if (replaced != nullptr) {
      for (const RunningPackage::Offer& old : replaced->offers()) {
        // It was in the catalogue with this before, so that nothing there is against it.
        if (old.provider->name() == name) restored = options_.catalogue->Offer(old.provider, old.skill_sets).ok();
      }
    }
    if (!restored) options_.catalogue->Withdraw(name);
  }
}

absl::Status PackageManager::Offer(const std::string& id, const RunningPackage& running,
                                   const RunningPackage* replaced) {
  for (size_t i = 0; i < running.offers().size(); ++i) {
    const RunningPackage::Offer& offer = running.offers()[i];
    const std::string owner = OwnerOf(offer.provider->name(), id);
    absl::Status status = owner.empty() ? options_.catalogue->Offer(offer.provider, offer.skill_sets)
                                        : absl::AlreadyExistsError(absl::StrCat(
                                              "actor ", offer.provider->name(), " runs already, as part of package \"",
                                              owner, "\": give it another id or version in paranet.yaml"));
    if (!status.ok()) {
      TakeBack(running, i, replaced);
      return status;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RunningPackage>> PackageManager::Start(const DeployedPackage& record,
                                                                      const v1::Manifest& manifest,
                                                                      const RunningPackage* replaced) {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<RunningPackage> running,
                           options_.start(manifest, options_.store->Path(record.digest), record.publisher));
  if (absl::Status status = Offer(record.id, *running, replaced); !status.ok()) {
    running->Stop(absl::Now());
    return status;
  }
  return running;
}

absl::StatusOr<v1::DeployResponse> PackageManager::Deploy(absl::string_view archive) {
  PARANET_ASSIGN_OR_RETURN(const Package package, ParseArchive(archive));
  v1::DeployResponse response;
  std::vector<std::string> notes;
  const absl::Time now = options_.clock->Now();
  const std::shared_ptr<const pki::TrustState> trust = options_.trust();
  PARANET_ASSIGN_OR_RETURN(std::string publisher, CheckPublisher(package, trust.get(), now, &notes));
  DeployedPackage record{.id = package.manifest.id(),
                         .version = package.manifest.version(),
                         .digest = package.Digest(),
                         .publisher = std::move(publisher),
                         .deployed_at = now,
                         .signature = package.signature.has_value() ? package.signature->SerializeAsString() : ""};

  absl::MutexLock deploying(&deploy_mu_);
  PARANET_RETURN_IF_ERROR(CheckNotStopped());
  Entry* const deployed = Find(record.id);
  absl::StatusOr<v1::PackageInfo> info;
  Incumbent incumbent;
  if (deployed != nullptr) {
    PARANET_RETURN_IF_ERROR(CheckNewVersion(package, deployed->record, deployed->previous, trust != nullptr));
    incumbent = {.manifest = &deployed->manifest,
                 .dir = options_.store->Path(deployed->record.digest),
                 .running = deployed->running.get()};
  }
  if (deployed != nullptr && deployed->record.digest == record.digest && IsHealthy(deployed->running.get())) {
    notes.push_back(absl::StrCat(Title(record), " is deployed already, with the same content"));
    info = Confirm(std::move(record), *deployed);
  } else {
    absl::Status status = CheckSkills(package, incumbent, *options_.catalogue->snapshot());
    if (status.ok()) status = options_.store->Put(package).status();
    info = status.ok() ? Install(std::move(record), package.manifest, deployed) : status;
    if (!info.ok()) Collect();
  }
  if (!info.ok()) return Annotate(info.status(), absl::StrCat("package ", Title(package.manifest)));
  *response.mutable_package() = *std::move(info);
  response.mutable_notes()->Assign(notes.begin(), notes.end());
  return response;
}

absl::StatusOr<v1::PackageInfo> PackageManager::Confirm(DeployedPackage record, Entry& deployed) {
  record.deployed_at = deployed.record.deployed_at;
  if (record.publisher != deployed.record.publisher || record.signature != deployed.record.signature) {
    PARANET_RETURN_IF_ERROR(options_.state->PutPackage(record, deployed.previous));
  }
  absl::MutexLock lock(&mu_);
  deployed.record = std::move(record);
  return Describe(deployed);
}

absl::StatusOr<v1::DeployResponse> PackageManager::RollBack(const std::string& id, const std::string& version) {
  absl::MutexLock deploying(&deploy_mu_);
  PARANET_RETURN_IF_ERROR(CheckNotStopped());
  const Entry* const deployed = Find(id);
  if (deployed == nullptr) {
    absl::MutexLock lock(&mu_);
    return NoSuchPackage(id);
  }
  const DeployedPackage* target = nullptr;
  std::vector<std::string> versions;
  for (const DeployedPackage& previous : deployed->previous) {
    versions.push_back(previous.version);
    const bool wanted =
        version.empty() ? VersionOf(previous) < VersionOf(deployed->record) : previous.version == version;
    if (wanted && (target == nullptr || VersionOf(*target) < VersionOf(previous))) target = &previous;
  }
  if (target == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "package ", Title(deployed->record), " has no ",
        version.empty() ? "lower version" : absl::StrCat("version ", version), " to go back to; ",
        versions.empty() ? "it has no other at all" : absl::StrCat("it has ", absl::StrJoin(versions, ", ")),
        ". Deploy the archive of the version that you want"));
  }
  DeployedPackage record = *target;
  record.deployed_at = options_.clock->Now();
  v1::DeployResponse response;
  std::vector<std::string> notes;
  absl::StatusOr<v1::PackageInfo> info = InstallKept(record, *deployed, &notes);
  if (!info.ok()) return Annotate(info.status(), absl::StrCat("package ", Title(record)));
  *response.mutable_package() = *std::move(info);
  response.mutable_notes()->Assign(notes.begin(), notes.end());
  return response;
}

absl::StatusOr<v1::PackageInfo> PackageManager::InstallKept(DeployedPackage record, const Entry& deployed,
                                                            std::vector<std::string>* notes) {
  PARANET_ASSIGN_OR_RETURN(const Package package, ReadStored(*options_.store, record));
  PARANET_ASSIGN_OR_RETURN(
      record.publisher, CheckPublisher(package, options_.trust().get(), LastValid(package, record.deployed_at), notes));
  notes->push_back(absl::StrCat(Title(deployed.record), " was taken back"));
  return Install(std::move(record), package.manifest, &deployed);
}

std::vector<DeployedPackage> PackageManager::PreviousAfter(const Entry& deployed, const DeployedPackage& next) const {
  std::vector<DeployedPackage> candidates = {deployed.record};
  candidates.insert(candidates.end(), deployed.previous.begin(), deployed.previous.end());
  std::vector<DeployedPackage> kept;
  for (DeployedPackage& candidate : candidates) {
    // On a Test Node a version may come with other content; what it had before is gone then.
    if (candidate.version != next.version && kept.size() < options_.keep) kept.push_back(std::move(candidate));
  }
  return kept;
}

absl::StatusOr<v1::PackageInfo> PackageManager::Install(DeployedPackage record, const v1::Manifest& manifest,
                                                        const Entry* deployed) {
  const RunningPackage* const replaced = deployed == nullptr ? nullptr : deployed->running.get();
  Entry entry;
  entry.manifest = manifest;
  if (deployed != nullptr) entry.previous = PreviousAfter(*deployed, record);
  entry.record = std::move(record);
  PARANET_ASSIGN_OR_RETURN(entry.running, Start(entry.record, manifest, replaced));
  if (absl::Status status = options_.state->PutPackage(entry.record, entry.previous); !status.ok()) {
    TakeBack(*entry.running, entry.running->offers().size(), replaced);
    entry.running->Stop(absl::Now());
    return status;
  }
  options_.logger->info("package {} {} deployed ({})", entry.record.id, entry.record.version,
                        entry.record.publisher.empty() ? "unsigned" : entry.record.publisher);
  const RunningPackage* const next = entry.running.get();
  v1::PackageInfo info;
  Entry old;
  {
    absl::MutexLock lock(&mu_);
    Entry& slot = packages_[entry.record.id];
    old = std::exchange(slot, std::move(entry));
    info = Describe(slot);
  }
  Leave(std::move(old), next, options_.grace, [] {});
  return info;
}

void PackageManager::Leave(Entry old, const RunningPackage* next, absl::Duration grace, std::function<void()> gone) {
  if (old.running == nullptr) {
    Collect();
    gone();
    return;
  }
  for (const RunningPackage::Offer& offer : old.running->offers()) {
    if (next == nullptr || !Offers(*next, offer.provider->name())) options_.catalogue->Withdraw(offer.provider->name());
  }
  leaving_.insert(old.record.digest);
  drain_.Add(std::move(old.running), grace, absl::Now() + options_.drain,
             [this, digest = old.record.digest, title = Title(old.record), gone = std::move(gone)] {
               options_.logger->info("package {} stopped", title);
               {
                 absl::MutexLock deploying(&deploy_mu_);
                 leaving_.erase(leaving_.find(digest));
                 Collect();
               }
               gone();
             });
}

void PackageManager::Collect() {
  // The table is empty then, but what it had is still deployed.
  if (stopped_) return;
  std::set<std::string> keep(leaving_.begin(), leaving_.end());
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, entry] : packages_) {
      keep.insert(entry.record.digest);
      for (const DeployedPackage& previous : entry.previous) keep.insert(previous.digest);
    }
  }
  if (absl::Status status = options_.store->Collect(keep); !status.ok()) {
    options_.logger->warn("files of packages that nobody needs are left behind: {}", status.ToString());
  }
}

absl::StatusOr<v1::PackageInfo> PackageManager::Undeploy(const std::string& id) {
  absl::Notification gone;
  v1::PackageInfo info;
  {
    absl::MutexLock deploying(&deploy_mu_);
    PARANET_RETURN_IF_ERROR(CheckNotStopped());
    const Entry* const deployed = Find(id);
    if (deployed == nullptr) {
      absl::MutexLock lock(&mu_);
      return NoSuchPackage(id);
    }
    PARANET_RETURN_IF_ERROR(options_.state->RemovePackage(id));
    Entry old;
    {
      absl::MutexLock lock(&mu_);
      const auto found = packages_.find(id);
      info = Describe(found->second);
      old = std::move(found->second);
      packages_.erase(found);
    }
    options_.logger->info("package {} {} undeployed", id, old.record.version);
    Leave(std::move(old), nullptr, absl::ZeroDuration(), [&gone] { gone.Notify(); });
  }
  gone.WaitForNotification();
  return info;
}

absl::StatusOr<std::string> PackageManager::Pull(const std::string& id, const std::string& version) const {
  DeployedPackage record;
  {
    absl::MutexLock lock(&mu_);
    const auto found = packages_.find(id);
    if (found == packages_.end()) return NoSuchPackage(id);
    const Entry& entry = found->second;
    std::vector<const DeployedPackage*> known = {&entry.record};
    for (const DeployedPackage& previous : entry.previous) known.push_back(&previous);
    const auto wanted = std::find_if(known.begin(), known.end(), [&](const DeployedPackage* candidate) {
      return version.empty() || candidate->version == version;
    });
    if (wanted == known.end()) {
      return absl::NotFoundError(absl::StrCat(
          "package \"", id, "\" has no version ", version, " here; it has ",
          absl::StrJoin(known, ", ", [](std::string* out, const DeployedPackage* p) { out->append(p->version); })));
    }
    record = **wanted;
  }
  PARANET_ASSIGN_OR_RETURN(const Package package, ReadStored(*options_.store, record));
  return SerializeArchive(package);
}

absl::StatusOr<v1::GetActorLogResponse> PackageManager::ActorLogTail(const std::string& actor, uint32_t lines) const {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> names;
  for (const auto& [id, entry] : packages_) {
    if (entry.running == nullptr) continue;
    const std::vector<v1::ActorInfo> actors = entry.running->actors();
    for (size_t i = 0; i < actors.size(); ++i) {
      const std::string& name = actors[i].name();
      const std::string bare(name, 0, name.find('@'));
      names.insert(names.end(), {name, bare});
      if (actor != name && actor != bare) continue;
      const ActorLog& log = entry.running->log(i);
      v1::GetActorLogResponse response;
      response.set_actor(name);
      response.set_dropped(log.dropped());
      for (ActorLog::Line& line : log.Tail(lines)) {
        v1::ActorLogLine& to = *response.add_lines();
        to.set_at_unix_ms(absl::ToUnixMillis(line.at));
        to.set_level(LevelName(line.level));
        to.set_text(std::move(line.text));
      }
      return response;
    }
  }
  return absl::NotFoundError(absl::StrCat("no actor \"", actor, "\" runs on node \"", options_.node_name, "\".",
                                          DidYouMean(actor, names), " See `paranet package ls`."));
}

v1::PackageInfo PackageManager::Describe(const Entry& entry) const {
  v1::PackageInfo info;
  info.set_id(entry.record.id);
  info.set_version(entry.record.version);
  info.set_name(entry.manifest.name());
  info.set_digest(entry.record.digest);
  info.set_publisher(entry.record.publisher);
  for (const v1::ActorManifest& actor : entry.manifest.actors()) {
    info.add_actors(absl::StrCat(actor.id(), "@", actor.version()));
    for (const std::string& skill_set : actor.skill_sets()) info.add_skill_sets(skill_set);
  }
  info.set_state(entry.running != nullptr ? v1::PackageInfo::RUNNING : v1::PackageInfo::FAILED);
  if (entry.running == nullptr) info.set_error(std::string(entry.error.message()));
  info.set_deployed_at_unix_ms(absl::ToUnixMillis(entry.record.deployed_at));
  if (entry.running != nullptr) {
    std::vector<v1::ActorInfo> actors = entry.running->actors();
    std::sort(actors.begin(), actors.end(),
              [](const v1::ActorInfo& a, const v1::ActorInfo& b) { return a.name() < b.name(); });
    for (v1::ActorInfo& actor : actors) *info.add_running() = std::move(actor);
  }
  std::vector<DeployedPackage> previous = entry.previous;
  std::sort(previous.begin(), previous.end(),
            [](const DeployedPackage& a, const DeployedPackage& b) { return VersionOf(a) > VersionOf(b); });
  uint64_t size = options_.store->Size(entry.record.digest);
  for (const DeployedPackage& version : previous) {
    info.add_previous(version.version);
    size += options_.store->Size(version.digest);
  }
  info.set_size(size);
  return info;
}

std::vector<v1::PackageInfo> PackageManager::List() const {
  absl::MutexLock lock(&mu_);
  std::vector<v1::PackageInfo> infos;
  for (const auto& [id, entry] : packages_) infos.push_back(Describe(entry));
  return infos;
}

void PackageManager::Stop(absl::Time deadline) {
  std::map<std::string, Entry> packages;
  {
    absl::MutexLock deploying(&deploy_mu_);
    stopped_ = true;
    absl::MutexLock lock(&mu_);
    packages.swap(packages_);
  }
  for (auto& [id, entry] : packages) {
    if (entry.running == nullptr) continue;
    for (const RunningPackage::Offer& offer : entry.running->offers()) {
      options_.catalogue->Withdraw(offer.provider->name());
    }
  }
  for (auto& [id, entry] : packages) {
    if (entry.running != nullptr) entry.running->Stop(deadline);
  }
  // Without deploy_mu_, which those that have gone want.
  drain_.Finish(deadline);
}

}  // namespace paranet
