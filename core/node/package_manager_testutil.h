// Package managers with packages that do nothing but say when they start and stop.
#ifndef PARANET_CORE_NODE_PACKAGE_MANAGER_TESTUTIL_H_
#define PARANET_CORE_NODE_PACKAGE_MANAGER_TESTUTIL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status_testutil.h"
#include "core/node/node_state.h"
#include "core/node/package_manager.h"
#include "core/package/archive.h"
#include "core/package/package_signature.h"
#include "core/package/package_store.h"
#include "core/package/package_testutil.h"
#include "core/skill/catalogue.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set.h"
#include "gtest/gtest.h"
#include "pki/node_trust.h"
#include "pki/testutil/test_network.h"

namespace paranet {

// What happened to fake packages, in order: `start weather@1.0.0`, `stop weather@1.0.0`. Thread-safe.
class PackageEvents {
 public:
  void Add(std::string event) {
    absl::MutexLock lock(&mu_);
    events_.push_back(std::move(event));
  }
  // Once there are `count`, or after kTestPatience.
  std::vector<std::string> Wait(size_t count) const {
    absl::MutexLock lock(&mu_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return events_.size() >= count; };
    mu_.AwaitWithTimeout(absl::Condition(&enough), kTestPatience);
    return events_;
  }
  std::vector<std::string> Now() const { return Wait(0); }
  void Clear() {
    absl::MutexLock lock(&mu_);
    events_.clear();
  }

 private:
  mutable absl::Mutex mu_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mu_);
};

// One provider for each actor of the manifest, with the skill sets of its descriptors.
class FakePackage final : public RunningPackage {
 public:
  FakePackage(const v1::Manifest& manifest, const std::string& dir, PackageEvents* events,
              std::function<void()> on_stop)
      : events_(events), on_stop_(std::move(on_stop)) {
    for (const v1::ActorManifest& actor : manifest.actors()) {
      Offer& offer = offers_.emplace_back();
      providers_.push_back(std::make_shared<FakeProvider>(absl::StrCat(actor.id(), "@", actor.version())));
      offer.provider = providers_.back();
      const absl::StatusOr<std::string> descriptors = ReadFile(absl::StrCat(dir, "/", actor.descriptors()));
      EXPECT_OK(descriptors);
      for (const std::string& name : actor.skill_sets()) {
        offer.skill_sets.push_back(SkillSet::Create(descriptors.value_or(""), name).value_or(nullptr));
      }
      logs_.push_back(std::make_unique<ActorLog>(offer.provider->name(), MakeNullLogger()));
    }
    events_->Add("start " + Name());
  }
  const std::vector<Offer>& offers() const override { return offers_; }
  void Stop(absl::Time /*deadline*/) override {
    if (std::exchange(stopped_, true)) return;
    on_stop_();
    events_->Add("stop " + Name());
  }
  std::vector<v1::ActorInfo> actors() const override {
    std::vector<v1::ActorInfo> infos;
    for (const auto& provider : providers_) {
      v1::ActorInfo& info = infos.emplace_back();
      info.set_name(provider->name());
      info.set_state(provider->available() ? v1::ActorInfo::RUNNING : v1::ActorInfo::QUARANTINED);
    }
    return infos;
  }
  const ActorLog& log(size_t index) const override { return *logs_[index]; }

  // Of the first actor. One that is unavailable is quarantined.
  FakeProvider& provider() { return *providers_[0]; }
  ActorLog& first_log() { return *logs_[0]; }

 private:
  std::string Name() const { return offers_.empty() ? "nothing" : offers_[0].provider->name(); }

  PackageEvents* const events_;
  const std::function<void()> on_stop_;
  std::vector<Offer> offers_;
  std::vector<std::shared_ptr<FakeProvider>> providers_;
  std::vector<std::unique_ptr<ActorLog>> logs_;
  bool stopped_ = false;
};

class PackageManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("packages"));
    dir_.emplace(std::move(dir));
    Open(v1::TEST);
  }

  // Starts anew on what is there.
  void Open(v1::NodeKind kind) { OpenIn(dir_->path(), kind); }
  void OpenIn(const std::string& dir, v1::NodeKind kind) {
    manager_.reset();
    state_.reset();
    store_.reset();
    events_.Clear();
    ASSERT_OK_AND_ASSIGN(state_, NodeState::Open(dir, "alpha", kind, clock_.Now()));
    ASSERT_OK_AND_ASSIGN(store_, PackageStore::Open(dir, max_bytes_));
    manager_ = std::make_unique<PackageManager>(
        PackageManager::Options{.node_name = "alpha",
                                .state = state_.get(),
                                .store = store_.get(),
                                .catalogue = &catalogue_,
                                .clock = &clock_,
                                .trust = [this, kind] { return kind == v1::STANDARD ? trust_->state() : nullptr; },
                                .start = [this](const v1::Manifest& manifest, const std::string& files,
                                                const std::string&) -> absl::StatusOr<std::unique_ptr<RunningPackage>> {
                                  on_start_();
                                  if (!start_error_.ok()) return start_error_;
                                  auto package = std::make_unique<FakePackage>(manifest, files, &events_, [this] {
                                    absl::MutexLock lock(&mu_);
                                    providers_at_stop_ = Providers();
                                    on_stop_();
                                  });
                                  last_ = package.get();
                                  return package;
                                },
                                .drain = drain_,
                                .grace = absl::ZeroDuration(),
                                .logger = MakeNullLogger()});
    ASSERT_OK(manager_->Restore());
  }

  // `weather` in this version, with one actor of that version; `salt` changes its content.
  static Package Make(const std::string& version, const std::string& salt = "", const std::string& id = "weather",
                      const std::string& actor = "weather") {
    v1::Manifest manifest = WeatherManifest();
    manifest.set_id(id);
    manifest.set_version(version);
    manifest.mutable_actors(0)->set_id(actor);
    manifest.mutable_actors(0)->set_version(version);
    std::map<std::string, std::string> files = WeatherFiles();
    files["salt"] = salt;
    return MakePackage(std::move(manifest), std::move(files));
  }
  absl::StatusOr<v1::DeployResponse> Deploy(const Package& package) {
    absl::StatusOr<std::string> archive = SerializeArchive(package);
    if (!archive.ok()) return archive.status();
    return manager_->Deploy(*archive);
  }
  static Package Signed(Package package, pki::TestNetwork& network) {
    const pki::NetworkRoot::IssuedKey publisher = network.Issue(pki::Role::kPublisher, "labs");
    EXPECT_OK(SignPackage(&package, publisher.key, publisher.chain));
    return package;
  }

  std::vector<std::string> Providers() const {
    std::vector<std::string> names;
    for (const auto& entry : catalogue_.snapshot()->entries()) {
      for (const auto& provider : entry->providers) names.push_back(provider->name());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Version() const {
    const std::vector<v1::PackageInfo> packages = manager_->List();
    return packages.size() == 1 ? packages[0].version() : absl::StrCat(packages.size(), " packages");
  }
  std::vector<std::string> Previous() const {
    const v1::PackageInfo package = manager_->List().at(0);
    return {package.previous().begin(), package.previous().end()};
  }
  bool Stored(const Package& package) const { return store_->Load(package.Digest()).ok(); }
  std::vector<std::string> ProvidersAtStop() const {
    absl::MutexLock lock(&mu_);
    return providers_at_stop_;
  }

  FakeClock clock_{absl::Now()};
  absl::Duration drain_ = absl::Hours(1);
  uint64_t max_bytes_ = PackageStore::kDefaultMaxBytes;
  std::optional<TemporaryDirectory> dir_;
  pki::TestNetwork network_;
  const std::shared_ptr<pki::NodeTrust> trust_ = network_.Trust("alpha");
  Catalogue catalogue_;
  std::unique_ptr<NodeState> state_;
  std::unique_ptr<PackageStore> store_;
  PackageEvents events_;
  mutable absl::Mutex mu_;
  std::vector<std::string> providers_at_stop_ ABSL_GUARDED_BY(mu_);
  // Run before a package starts and before it has stopped.
  std::function<void()> on_start_ = [] {};
  std::function<void()> on_stop_ = [] {};
  absl::Status start_error_;
  // The one that was started last; not to be used once that has stopped.
  FakePackage* last_ = nullptr;
  std::unique_ptr<PackageManager> manager_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_PACKAGE_MANAGER_TESTUTIL_H_
