#include "core/node/package_manager.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "core/package/package_signature.h"
#include "core/skill/skill_id.h"

namespace paranet {
namespace {

bool Offers(const RunningPackage& package, absl::string_view provider) {
  return std::any_of(package.offers().begin(), package.offers().end(),
                     [&](const RunningPackage::Offer& offer) { return offer.provider->name() == provider; });
}

std::string Title(const v1::Manifest& manifest) { return absl::StrCat(manifest.id(), " ", manifest.version()); }

}  // namespace

PackageManager::~PackageManager() { Stop(absl::Now()); }

absl::Status PackageManager::Restore() {
  absl::MutexLock deploying(&deploy_mu_);
  PARANET_ASSIGN_OR_RETURN(std::vector<DeployedPackage> records, options_.state->Packages());
  for (DeployedPackage& record : records) {
    Entry entry;
    absl::StatusOr<v1::Manifest> manifest = options_.store->Load(record.digest);
    if (manifest.ok()) {
      entry.manifest = *std::move(manifest);
      absl::StatusOr<std::unique_ptr<RunningPackage>> running =
          Start(record.id, entry.manifest, options_.store->Path(record.digest), nullptr);
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
  return absl::OkStatus();
}

absl::StatusOr<std::string> PackageManager::CheckSignature(const Package& package,
                                                           std::vector<std::string>* notes) const {
  if (const std::shared_ptr<const pki::TrustState> trust = options_.trust(); trust != nullptr) {
    absl::StatusOr<pki::Identity> publisher =
        VerifyPackageSignature(package, *trust->identity->trust(), options_.clock->Now(), trust->revocations.get());
    if (!publisher.ok()) return publisher.status();
    return publisher->ToUri();
  }
  notes->push_back(package.signature.has_value()
                       ? "the package is signed, but a Test Node has no roots to check the signature by"
                       : "the package is unsigned; a Test Node accepts that, a Standard Node does not");
  return std::string();
}

absl::Status PackageManager::CheckVersion(const Package& package, const Entry& deployed) const {
  PARANET_ASSIGN_OR_RETURN(const Version version, Version::Parse(package.manifest.version()));
  PARANET_ASSIGN_OR_RETURN(const Version present, Version::Parse(deployed.record.version));
  const std::string& id = package.manifest.id();
  if (version < present) {
    return absl::FailedPreconditionError(absl::StrCat("package \"", id, "\" is deployed as ", deployed.record.version,
                                                      ", which is higher than ", package.manifest.version(),
                                                      ": raise the version"));
  }
  if (options_.trust() != nullptr && version == present && package.Digest() != deployed.record.digest) {
    return absl::AlreadyExistsError(absl::StrCat("package \"", id, "\" ", deployed.record.version,
                                                 " is deployed with other content: raise the version in paranet.yaml"));
  }
  return absl::OkStatus();
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

absl::StatusOr<std::unique_ptr<RunningPackage>> PackageManager::Start(const std::string& id,
                                                                      const v1::Manifest& manifest,
                                                                      const std::string& dir,
                                                                      const RunningPackage* replaced) {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<RunningPackage> running, options_.start(manifest, dir));
  if (absl::Status status = Offer(id, *running, replaced); !status.ok()) {
    running->Stop(absl::Now());
    return status;
  }
  return running;
}

absl::StatusOr<v1::DeployResponse> PackageManager::Deploy(absl::string_view archive) {
  PARANET_ASSIGN_OR_RETURN(const Package package, ParseArchive(archive));
  v1::DeployResponse response;
  std::vector<std::string> notes;
  PARANET_ASSIGN_OR_RETURN(const std::string publisher, CheckSignature(package, &notes));
  for (std::string& note : notes) response.add_notes(std::move(note));

  absl::MutexLock deploying(&deploy_mu_);
  if (stopped_) return absl::UnavailableError(absl::StrCat("node \"", options_.node_name, "\" is stopping"));
  const std::string& id = package.manifest.id();
  const std::string digest = package.Digest();
  // Only those who hold deploy_mu_ change the table, so that this stays what it is.
  Entry* deployed = nullptr;
  {
    absl::MutexLock lock(&mu_);
    const auto found = packages_.find(id);
    if (found != packages_.end()) deployed = &found->second;
  }
  if (deployed != nullptr) {
    PARANET_RETURN_IF_ERROR(CheckVersion(package, *deployed));
    if (deployed->record.digest == digest && deployed->running != nullptr) {
      DeployedPackage record = deployed->record;
      record.publisher = publisher;
      if (publisher != deployed->record.publisher) PARANET_RETURN_IF_ERROR(options_.state->PutPackage(record));
      absl::MutexLock lock(&mu_);
      deployed->record = std::move(record);
      response.add_notes(absl::StrCat(Title(package.manifest), " is deployed already, with the same content"));
      *response.mutable_package() = Describe(*deployed);
      return response;
    }
  }

  const bool new_content = deployed == nullptr || deployed->record.digest != digest;
  PARANET_ASSIGN_OR_RETURN(const std::string dir, options_.store->Put(package));
  const RunningPackage* replaced = deployed == nullptr ? nullptr : deployed->running.get();
  absl::StatusOr<std::unique_ptr<RunningPackage>> running = Start(id, package.manifest, dir, replaced);
  absl::Status status = running.status();
  Entry entry;
  entry.record = {.id = id,
                  .version = package.manifest.version(),
                  .digest = digest,
                  .publisher = publisher,
                  .deployed_at = options_.clock->Now()};
  if (status.ok()) {
    status = options_.state->PutPackage(entry.record);
    if (!status.ok()) {
      TakeBack(**running, (*running)->offers().size(), replaced);
      (*running)->Stop(absl::Now());
    }
  }
  if (!status.ok()) {
    if (new_content) options_.store->Remove(digest).IgnoreError();
    return Annotate(status, absl::StrCat("package ", Title(package.manifest)));
  }

  entry.manifest = package.manifest;
  entry.running = *std::move(running);
  *response.mutable_package() = Describe(entry);
  Entry old;
  {
    absl::MutexLock lock(&mu_);
    Entry& slot = packages_[id];
    old = std::exchange(slot, std::move(entry));
    deployed = &slot;
  }
  if (old.running != nullptr) {
    for (const RunningPackage::Offer& offer : old.running->offers()) {
      if (!Offers(*deployed->running, offer.provider->name())) options_.catalogue->Withdraw(offer.provider->name());
    }
    old.running->Stop(absl::Now() + options_.drain);
    old.running.reset();
  }
  if (!old.record.digest.empty() && new_content) {
    if (absl::Status removed = options_.store->Remove(old.record.digest); !removed.ok()) {
      options_.logger->warn("files of the replaced package are left behind: {}", removed.ToString());
    }
  }
  options_.logger->info("package {} {} deployed ({})", id, deployed->record.version,
                        publisher.empty() ? "unsigned" : publisher);
  return response;
}

v1::PackageInfo PackageManager::Describe(const Entry& entry) {
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
  return info;
}

std::vector<v1::PackageInfo> PackageManager::List() const {
  absl::MutexLock lock(&mu_);
  std::vector<v1::PackageInfo> infos;
  for (const auto& [id, entry] : packages_) infos.push_back(Describe(entry));
  return infos;
}

void PackageManager::Stop(absl::Time deadline) {
  absl::MutexLock deploying(&deploy_mu_);
  stopped_ = true;
  std::map<std::string, Entry> packages;
  {
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
}

}  // namespace paranet
