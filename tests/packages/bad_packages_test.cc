// Every bad package against a node that has a good one, runs it, and goes on doing so.
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status.h"
#include "core/base/status_testutil.h"
#include "core/node/node_state.h"
#include "core/node/package_manager.h"
#include "core/package/package_signature.h"
#include "core/package/package_store.h"
#include "core/package/package_testutil.h"
#include "core/routing/router.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/catalogue.h"
#include "core/skill/provider.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_id.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/node_trust.h"
#include "pki/testutil/test_network.h"
#include "tests/packages/bad_archives.h"
#include "tests/packages/bad_code.h"
#include "tests/packages/bad_manifests.h"
#include "tests/packages/bad_signatures.h"
#include "tests/packages/forge.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWeather[] = "examples/weather/";

std::map<std::string, std::string> ExampleFiles() {
  std::map<std::string, std::string> files;
  for (const auto& [path, example] : {std::pair<const char*, const char*>{"lib/weather.so", "libweather.so"},
                                      std::pair<const char*, const char*>{"weather.binpb", "weather.binpb"}}) {
    const absl::StatusOr<std::string> content = ReadFile(absl::StrCat(kWeather, example));
    EXPECT_OK(content);
    files[path] = content.value_or("");
  }
  return files;
}

// The packages of a node, with weather 1.5.0.
class Bench {
 public:
  // `trust`: of a Standard Node; null for a Test Node.
  Bench(std::shared_ptr<pki::NodeTrust> trust, const std::string& archive) : trust_(std::move(trust)) {
    absl::StatusOr<TemporaryDirectory> dir = TemporaryDirectory::Create("bad");
    EXPECT_OK(dir);
    dir_.emplace(*std::move(dir));
    state_ = *NodeState::Open(dir_->path(), "alpha", trust_ == nullptr ? v1::TEST : v1::STANDARD, clock_.Now());
    store_ = *PackageStore::Open(dir_->path());
    manager_ = std::make_unique<PackageManager>(PackageManager::Options{
        .node_name = "alpha",
        .state = state_.get(),
        .store = store_.get(),
        .catalogue = &catalogue_,
        .clock = &clock_,
        .trust = [this] { return trust_ == nullptr ? nullptr : trust_->state(); },
        .start =
            [this](const v1::Manifest& manifest, const std::string& files, const std::string& /*publisher*/) {
              return StartPackage(manifest, files,
                                  {.executor = executor_,
                                   .work_dir = absl::StrCat(dir_->path(), "/actors"),
                                   .logger = MakeNullLogger()});
            },
        .logger = MakeNullLogger()});
    EXPECT_OK(manager_->Restore());
    EXPECT_OK(manager_->Deploy(archive));
    before_ = Describe();
  }

  absl::Status Deploy(const std::string& archive) { return manager_->Deploy(archive).status(); }

  // What an operator and a caller can see of the packages.
  std::string Describe() const {
    std::string text;
    for (v1::PackageInfo& package : manager_->List()) absl::StrAppend(&text, package.ShortDebugString(), "\n");
    for (const auto& entry : catalogue_.snapshot()->entries()) {
      for (const auto& provider : entry->providers) {
        absl::StrAppend(&text, entry->set->name(), " ", entry->set->version().ToString(), " by ", provider->name(),
                        "\n");
      }
    }
    std::set<std::string> stored;
    for (const auto& entry : std::filesystem::directory_iterator(dir_->path() + "/packages")) {
      stored.insert(entry.path().filename().string());
    }
    for (const std::string& name : stored) absl::StrAppend(&text, name, "\n");
    return text;
  }
  const std::string& before() const { return before_; }

  // The weather in Oslo.
  absl::Status Call() {
    PARANET_ASSIGN_OR_RETURN(const SkillRef ref, SkillRef::Parse("weather/current"));
    PARANET_ASSIGN_OR_RETURN(const Route route, router_.ResolveSkill(ref));
    absl::Notification ended;
    absl::Status status;
    const std::shared_ptr<CallHandle> handle =
        route.provider->CallUnary({.skill_set = route.skill_set,
                                   .skill = route.skill,
                                   .deadline = absl::Now() + kTestPatience,
                                   .caller = "local"},
                                  MakePayload(absl::string_view("\x0A\x04Oslo")), [&](UnaryResult result) {
                                    status = std::move(result.status);
                                    ended.Notify();
                                  });
    ended.WaitForNotification();
    return status;
  }

 private:
  const std::shared_ptr<pki::NodeTrust> trust_;
  const SystemClock clock_;
  std::optional<TemporaryDirectory> dir_;
  Catalogue catalogue_;
  const Router router_{&catalogue_};
  const std::shared_ptr<ActorExecutor> executor_ = std::make_shared<ActorExecutor>();
  std::unique_ptr<NodeState> state_;
  std::unique_ptr<PackageStore> store_;
  std::unique_ptr<PackageManager> manager_;
  std::string before_;
};

class BadPackagesTest : public testing::Test {
 protected:
  Package Good() const {
    v1::Manifest manifest = WeatherManifest();
    manifest.set_version("1.5.0");
    manifest.mutable_actors(0)->set_version("1.5.0");
    return MakePackage(manifest, example_);
  }
  Package Signed(Package package) {
    const pki::NetworkRoot::IssuedKey labs = network_.Issue(pki::Role::kPublisher, "labs");
    EXPECT_OK(SignPackage(&package, labs.key, labs.chain));
    return package;
  }
  Bench& TestNode() {
    if (test_ == nullptr) test_ = std::make_unique<Bench>(nullptr, Forge::Of(Good()).Bytes());
    return *test_;
  }
  Bench& StandardNode() {
    if (standard_ == nullptr) {
      EXPECT_OK(trust_->AdoptRevocationList(network_.Revoke("gone", pki::Role::kPublisher)));
      standard_ = std::make_unique<Bench>(trust_, Forge::Of(Signed(Good())).Bytes());
    }
    return *standard_;
  }
  void Check(const std::vector<BadPackage>& cases) {
    for (const BadPackage& bad : cases) {
      SCOPED_TRACE(bad.name);
      Bench& bench = bad.standard ? StandardNode() : TestNode();
      EXPECT_THAT(bench.Deploy(bad.archive()), StatusIs(bad.code, HasSubstr(bad.says)));
      EXPECT_EQ(bench.Describe(), bench.before());
      EXPECT_OK(bench.Call());
    }
  }

  const std::map<std::string, std::string> example_ = ExampleFiles();
  pki::TestNetwork network_;
  pki::TestNetwork foreign_{"evil"};
  // Revoked when there is a Standard Node.
  const pki::NetworkRoot::IssuedKey gone_ = network_.Issue(pki::Role::kPublisher, "gone");
  const std::shared_ptr<pki::NodeTrust> trust_ = network_.Trust("alpha");
  std::unique_ptr<Bench> test_;
  std::unique_ptr<Bench> standard_;
};

TEST_F(BadPackagesTest, Archives) { Check(BadArchives()); }

TEST_F(BadPackagesTest, Manifests) { Check(BadManifests()); }

TEST_F(BadPackagesTest, Signatures) { Check(BadSignatures(network_, foreign_, gone_)); }

TEST_F(BadPackagesTest, Code) { Check(BadCode(example_)); }

TEST_F(BadPackagesTest, ThereAreMoreThanSixty) {
  EXPECT_GT(BadArchives().size() + BadManifests().size() + BadSignatures(network_, foreign_, gone_).size() +
                BadCode(example_).size(),
            120u);
}

TEST_F(BadPackagesTest, CutAtEveryByte) {
  v1::Manifest manifest = WeatherManifest();
  manifest.set_version("2.0.0");
  const std::string archive = Forge::Of(Signed(MakePackage(manifest, WeatherFiles()))).Bytes();
  Bench& bench = StandardNode();
  for (size_t length = 0; length < archive.size(); ++length) {
    ASSERT_THAT(bench.Deploy(archive.substr(0, length)), Not(IsOk())) << length;
  }
  EXPECT_EQ(bench.Describe(), bench.before());
  EXPECT_OK(bench.Call());
}

TEST_F(BadPackagesTest, ABitTurnedOverInEveryByte) {
  v1::Manifest manifest = WeatherManifest();
  manifest.set_version("2.0.0");
  std::string archive = Forge::Of(Signed(MakePackage(manifest, WeatherFiles()))).Bytes();
  Bench& bench = StandardNode();
  for (size_t at = 0; at < archive.size(); ++at) {
    const char flip = static_cast<char>(1 << (at % 8));
    archive[at] ^= flip;
    const absl::Status status = bench.Deploy(archive);
    ASSERT_THAT(status, Not(IsOk())) << at;
    // Refused for what it is, and not by chance: its library, which is none, was never looked at.
    ASSERT_THAT(std::string(status.message()), Not(HasSubstr("does not load"))) << at;
    archive[at] ^= flip;
  }
  EXPECT_EQ(bench.Describe(), bench.before());
  EXPECT_OK(bench.Call());
}

}  // namespace
}  // namespace paranet
