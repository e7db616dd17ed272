#include "core/node/package_manager.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/package/archive.h"
#include "core/package/package_signature.h"
#include "core/package/package_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What happened to fake packages, in order: `start weather@1.0.0`, `stop weather@1.0.0`.
using Events = std::vector<std::string>;

// One provider for each actor of the manifest, with the weather skill set.
class FakePackage final : public RunningPackage {
 public:
  FakePackage(const v1::Manifest& manifest, Events* events, std::function<void()> on_stop)
      : events_(events), on_stop_(std::move(on_stop)) {
    for (const v1::ActorManifest& actor : manifest.actors()) {
      Offer& offer = offers_.emplace_back();
      offer.provider = std::make_shared<FakeProvider>(absl::StrCat(actor.id(), "@", actor.version()));
      offer.skill_sets = {actor.id() == "bank" ? MakeSkillSet(R"txt(syntax = "proto3"; package bank.v1; message M {}
                                                   service Desk { rpc Open(M) returns (M); })txt",
                                                              "bank.v1.Desk")
                                               : WeatherSkillSet()};
    }
    events_->push_back("start " + Name());
  }
  const std::vector<Offer>& offers() const override { return offers_; }
  void Stop(absl::Time /*deadline*/) override {
    if (std::exchange(stopped_, true)) return;
    events_->push_back("stop " + Name());
    on_stop_();
  }

 private:
  std::string Name() const { return offers_.empty() ? "nothing" : offers_[0].provider->name(); }

  Events* const events_;
  const std::function<void()> on_stop_;
  std::vector<Offer> offers_;
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
  void Open(v1::NodeKind kind) {
    manager_.reset();
    state_.reset();
    store_.reset();
    events_.clear();
    ASSERT_OK_AND_ASSIGN(state_, NodeState::Open(dir_->path(), "alpha", kind, clock_.Now()));
    ASSERT_OK_AND_ASSIGN(store_, PackageStore::Open(dir_->path()));
    manager_ = std::make_unique<PackageManager>(PackageManager::Options{
        .node_name = "alpha",
        .state = state_.get(),
        .store = store_.get(),
        .catalogue = &catalogue_,
        .clock = &clock_,
        .trust = [this, kind] { return kind == v1::STANDARD ? trust_->state() : nullptr; },
        .start = [this](const v1::Manifest& manifest,
                        const std::string& dir) -> absl::StatusOr<std::unique_ptr<RunningPackage>> {
          EXPECT_OK(ReadFile(dir + "/weather.binpb"));
          if (!start_error_.ok()) return start_error_;
          return std::make_unique<FakePackage>(manifest, &events_, [this] { providers_at_stop_ = Providers(); });
        },
        .logger = MakeNullLogger()});
    ASSERT_OK(manager_->Restore());
  }

  // `weather` in this version, with one actor of that version; `salt` changes its content.
  Package Make(const std::string& version, const std::string& salt = "", const std::string& id = "weather",
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
  Package Signed(Package package, pki::TestNetwork& network) {
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

  SystemClock clock_;
  std::optional<TemporaryDirectory> dir_;
  pki::TestNetwork network_;
  const std::shared_ptr<pki::NodeTrust> trust_ = network_.Trust("alpha");
  Catalogue catalogue_;
  std::unique_ptr<NodeState> state_;
  std::unique_ptr<PackageStore> store_;
  Events events_;
  std::vector<std::string> providers_at_stop_;
  absl::Status start_error_;
  std::unique_ptr<PackageManager> manager_;
};

TEST_F(PackageManagerTest, DeploysAndDescribes) {
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, Deploy(Make("1.0.0")));
  EXPECT_EQ(response.package().id(), "weather");
  EXPECT_EQ(response.package().version(), "1.0.0");
  EXPECT_EQ(response.package().name(), "Weather reports");
  EXPECT_EQ(response.package().digest(), Make("1.0.0").Digest());
  EXPECT_EQ(response.package().state(), v1::PackageInfo::RUNNING);
  EXPECT_THAT(response.package().actors(), ElementsAre("weather@1.0.0"));
  EXPECT_THAT(response.package().skill_sets(), ElementsAre("weather.v1.Weather"));
  EXPECT_THAT(manager_->List(), SizeIs(1));
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
}

TEST_F(PackageManagerTest, ATestNodeAcceptsUnsignedPackagesAndSaysSo) {
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, Deploy(Make("1.0.0")));
  EXPECT_THAT(response.notes(), Contains(HasSubstr("unsigned")));
  EXPECT_EQ(response.package().publisher(), "");
}

TEST_F(PackageManagerTest, ATestNodeVouchesForNoSignature) {
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, Deploy(Signed(Make("1.0.0"), network_)));
  EXPECT_THAT(response.notes(), Contains(HasSubstr("no roots")));
  EXPECT_EQ(response.package().publisher(), "");
}

TEST_F(PackageManagerTest, ARestartKeepsPackages) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  Open(v1::TEST);
  EXPECT_EQ(Version(), "1.0.0");
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
  // And so does becoming a Standard Node.
  Open(v1::STANDARD);
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
}

TEST_F(PackageManagerTest, TheSameAgainChangesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse again, Deploy(Make("1.0.0")));
  EXPECT_THAT(again.notes(), Contains(HasSubstr("deployed already")));
  EXPECT_EQ(again.package().state(), v1::PackageInfo::RUNNING);
  EXPECT_THAT(events_, ElementsAre("start weather@1.0.0"));
}

TEST_F(PackageManagerTest, TheNewVersionIsOfferedBeforeTheOldIsStopped) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  const std::string old_files = store_->Path(Make("1.0.0").Digest());
  ASSERT_OK(Deploy(Make("1.1.0")));
  EXPECT_THAT(events_, ElementsAre("start weather@1.0.0", "start weather@1.1.0", "stop weather@1.0.0"));
  EXPECT_THAT(providers_at_stop_, ElementsAre("weather@1.1.0"));
  EXPECT_EQ(Version(), "1.1.0");
  EXPECT_THAT(ReadFile(old_files + "/weather.binpb"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PackageManagerTest, AnActorThatKeepsItsVersionIsReplacedInPlace) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  Package next = Make("1.0.0");
  next.manifest.set_version("1.1.0");
  ASSERT_OK(Deploy(MakePackage(next.manifest, next.files)));
  EXPECT_EQ(Version(), "1.1.0");
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
  EXPECT_THAT(events_, ElementsAre("start weather@1.0.0", "start weather@1.0.0", "stop weather@1.0.0"));
}

TEST_F(PackageManagerTest, ALowerVersionIsRefused) {
  ASSERT_OK(Deploy(Make("1.10.0")));
  EXPECT_THAT(Deploy(Make("1.9.0")),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("1.10.0"), HasSubstr("raise"))));
  EXPECT_EQ(Version(), "1.10.0");
}

TEST_F(PackageManagerTest, ATestNodeReplacesTheSameVersionWithOtherContent) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, Deploy(Make("1.0.0", "salt")));
  EXPECT_EQ(response.package().digest(), Make("1.0.0", "salt").Digest());
  EXPECT_THAT(events_, SizeIs(3));
  Open(v1::TEST);
  EXPECT_EQ(manager_->List()[0].digest(), Make("1.0.0", "salt").Digest());
}

TEST_F(PackageManagerTest, APackageThatDoesNotStartChangesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  start_error_ = absl::InvalidArgumentError("lib/weather.so does not load");
  EXPECT_THAT(Deploy(Make("1.1.0")), StatusIs(absl::StatusCode::kInvalidArgument,
                                              AllOf(HasSubstr("weather 1.1.0"), HasSubstr("does not load"))));
  EXPECT_EQ(Version(), "1.0.0");
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
  EXPECT_THAT(events_, ElementsAre("start weather@1.0.0"));
  EXPECT_THAT(ReadFile(store_->Path(Make("1.1.0").Digest()) + "/weather.binpb"), StatusIs(absl::StatusCode::kNotFound));
  start_error_ = absl::OkStatus();
  Open(v1::TEST);
  EXPECT_EQ(Version(), "1.0.0");
}

TEST_F(PackageManagerTest, AnOfferThatIsRefusedChangesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  // Skills of the same names in another service.
  ASSERT_OK(catalogue_.Offer(std::make_shared<FakeProvider>("other@1.0.0"),
                             {MakeSkillSet(R"txt(syntax = "proto3"; package bank.v2; message M {}
                                                 service Desk { rpc Open(M) returns (M); })txt",
                                           "bank.v2.Desk")}));
  const auto before = catalogue_.snapshot();
  const auto providers = before->FindSkill("weather/current").at(0).entry->providers;
  // The first actor can be offered, in the place of the old one or beside it; the second cannot.
  for (const char* version : {"1.0.0", "1.1.0"}) {
    Package next = Make("1.1.0");
    next.manifest.mutable_actors(0)->set_version(version);
    v1::ActorManifest bank = next.manifest.actors(0);
    bank.set_id("bank");
    *next.manifest.add_actors() = bank;
    EXPECT_THAT(Deploy(MakePackage(next.manifest, next.files)), StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_EQ(Version(), "1.0.0");
    EXPECT_THAT(Providers(), ElementsAre("other@1.0.0", "weather@1.0.0"));
    const auto after = catalogue_.snapshot();
    ASSERT_THAT(after->FindSkill("weather/current"), SizeIs(1));
    EXPECT_EQ(after->FindSkill("weather/current")[0].entry->providers, providers);
  }
  EXPECT_THAT(events_, ElementsAre("start weather@1.0.0", "start weather@1.0.0", "stop weather@1.0.0",
                                   "start weather@1.1.0", "stop weather@1.1.0"));
}

TEST_F(PackageManagerTest, AnActorBelongsToOnePackage) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  EXPECT_THAT(Deploy(Make("1.0.0", "", "climate")),
              StatusIs(absl::StatusCode::kAlreadyExists, AllOf(HasSubstr("weather@1.0.0"), HasSubstr("\"weather\""))));
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
}

TEST_F(PackageManagerTest, SeveralPackages) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("2.0.0", "", "bank", "bank")));
  ASSERT_THAT(manager_->List(), SizeIs(2));
  EXPECT_EQ(manager_->List()[0].id(), "bank");
  EXPECT_THAT(Providers(), ElementsAre("bank@2.0.0", "weather@1.0.0"));
}

TEST_F(PackageManagerTest, GarbageIsRefused) {
  EXPECT_THAT(manager_->Deploy("no package"), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(std::string archive, SerializeArchive(Make("1.0.0")));
  archive.resize(archive.size() / 2);
  EXPECT_THAT(manager_->Deploy(archive), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(manager_->List(), IsEmpty());
}

TEST_F(PackageManagerTest, APackageThatNoLongerStartsIsListedAsFailedAndCanBeDeployedAgain) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  start_error_ = absl::InvalidArgumentError("ABI version 9");
  Open(v1::TEST);
  ASSERT_THAT(manager_->List(), SizeIs(1));
  EXPECT_EQ(manager_->List()[0].state(), v1::PackageInfo::FAILED);
  EXPECT_EQ(manager_->List()[0].error(), "ABI version 9");
  EXPECT_EQ(manager_->List()[0].name(), "Weather reports");
  EXPECT_THAT(Providers(), IsEmpty());
  start_error_ = absl::OkStatus();
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, Deploy(Make("1.0.0")));
  EXPECT_EQ(response.package().state(), v1::PackageInfo::RUNNING);
}

TEST_F(PackageManagerTest, AStoredPackageThatWasAlteredIsFailed) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(WriteFileAtomically(store_->Path(Make("1.0.0").Digest()) + "/lib/weather.so", "evil", 0600));
  Open(v1::TEST);
  ASSERT_THAT(manager_->List(), SizeIs(1));
  EXPECT_EQ(manager_->List()[0].state(), v1::PackageInfo::FAILED);
  EXPECT_THAT(manager_->List()[0].error(), HasSubstr("lib/weather.so"));
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(PackageManagerTest, AStandardNodeAcceptsPublishersOfItsNetwork) {
  Open(v1::STANDARD);
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, Deploy(Signed(Make("1.0.0"), network_)));
  EXPECT_EQ(response.package().publisher(), "paranet://acme/publisher/labs");
  EXPECT_THAT(response.notes(), IsEmpty());
  Open(v1::STANDARD);
  EXPECT_EQ(manager_->List()[0].publisher(), "paranet://acme/publisher/labs");
}

TEST_F(PackageManagerTest, AStandardNodeRefusesUnsignedAlteredAndForeignPackages) {
  Open(v1::STANDARD);
  EXPECT_THAT(Deploy(Make("1.0.0")), StatusIs(absl::StatusCode::kPermissionDenied));
  Package altered = Make("1.0.0", "salt");
  altered.signature = Signed(Make("1.0.0"), network_).signature;
  EXPECT_THAT(Deploy(altered), StatusIs(absl::StatusCode::kPermissionDenied));
  pki::TestNetwork foreign("evil");
  EXPECT_THAT(Deploy(Signed(Make("1.0.0"), foreign)), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(manager_->List(), IsEmpty());
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(PackageManagerTest, OnAStandardNodeOtherContentNeedsAHigherVersion) {
  Open(v1::STANDARD);
  ASSERT_OK(Deploy(Signed(Make("1.0.0"), network_)));
  EXPECT_THAT(Deploy(Signed(Make("1.0.0", "salt"), network_)),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("raise the version")));
  EXPECT_EQ(manager_->List()[0].digest(), Make("1.0.0").Digest());
  EXPECT_OK(Deploy(Signed(Make("1.0.0"), network_)));
  EXPECT_OK(Deploy(Signed(Make("1.0.1", "salt"), network_)));
}

TEST_F(PackageManagerTest, APackageKeptFromATestNodeGetsItsPublisherWhenItIsDeployedSigned) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  Open(v1::STANDARD);
  EXPECT_EQ(manager_->List()[0].publisher(), "");
  ASSERT_OK(Deploy(Signed(Make("1.0.0"), network_)));
  EXPECT_EQ(manager_->List()[0].publisher(), "paranet://acme/publisher/labs");
}

TEST_F(PackageManagerTest, StopWithdrawsAndRefuses) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  manager_->Stop(absl::Now());
  manager_->Stop(absl::Now());
  EXPECT_THAT(Providers(), IsEmpty());
  EXPECT_THAT(events_, ElementsAre("start weather@1.0.0", "stop weather@1.0.0"));
  EXPECT_THAT(Deploy(Make("1.1.0")), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace paranet
