#include "core/node/package_manager.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/package_manager_testutil.h"
#include "core/package/package_testutil.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0"));
}

TEST_F(PackageManagerTest, TheNewVersionIsOfferedBeforeTheOldIsStopped) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  EXPECT_THAT(events_.Wait(3), ElementsAre("start weather@1.0.0", "start weather@1.1.0", "stop weather@1.0.0"));
  EXPECT_THAT(ProvidersAtStop(), ElementsAre("weather@1.1.0"));
  EXPECT_EQ(Version(), "1.1.0");
}

TEST_F(PackageManagerTest, AnActorThatKeepsItsVersionIsReplacedInPlace) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  Package next = Make("1.0.0");
  next.manifest.set_version("1.1.0");
  ASSERT_OK(Deploy(MakePackage(next.manifest, next.files)));
  EXPECT_EQ(Version(), "1.1.0");
  EXPECT_THAT(Providers(), ElementsAre("weather@1.0.0"));
  EXPECT_THAT(events_.Wait(3), ElementsAre("start weather@1.0.0", "start weather@1.0.0", "stop weather@1.0.0"));
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
  EXPECT_THAT(events_.Wait(3), SizeIs(3));
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
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0"));
  EXPECT_THAT(ReadFile(store_->Path(Make("1.1.0").Digest()) + "/weather.binpb"), StatusIs(absl::StatusCode::kNotFound));
  start_error_ = absl::OkStatus();
  Open(v1::TEST);
  EXPECT_EQ(Version(), "1.0.0");
}

TEST_F(PackageManagerTest, AnOfferThatIsRefusedChangesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  // Skills of the same names in another service.
  ASSERT_OK_AND_ASSIGN(const auto other, SkillSet::Create(DescriptorsOf("bank.v2.Desk"), "bank.v2.Desk"));
  ASSERT_OK(catalogue_.Offer(std::make_shared<FakeProvider>("other@1.0.0"), {other}));
  const auto before = catalogue_.snapshot();
  const auto providers = before->FindSkill("weather/current").at(0).entry->providers;
  // The first actor can be offered, in the place of the old one or beside it; the second cannot.
  for (const char* version : {"1.0.0", "1.1.0"}) {
    Package next = Make("1.1.0");
    next.manifest.mutable_actors(0)->set_version(version);
    v1::ActorManifest bank = next.manifest.actors(0);
    bank.set_id("bank");
    bank.set_skill_sets(0, "bank.v1.Desk");
    bank.set_descriptors("bank.binpb");
    *next.manifest.add_actors() = bank;
    next.files["bank.binpb"] = DescriptorsOf("bank.v1.Desk");
    EXPECT_THAT(Deploy(MakePackage(next.manifest, next.files)), StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_EQ(Version(), "1.0.0");
    EXPECT_THAT(Providers(), ElementsAre("other@1.0.0", "weather@1.0.0"));
    const auto after = catalogue_.snapshot();
    ASSERT_THAT(after->FindSkill("weather/current"), SizeIs(1));
    EXPECT_EQ(after->FindSkill("weather/current")[0].entry->providers, providers);
  }
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0", "start weather@1.0.0", "stop weather@1.0.0",
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
  EXPECT_THAT(events_.Now(), IsEmpty());
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
  EXPECT_THAT(events_.Now(), IsEmpty());
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
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0", "stop weather@1.0.0"));
  EXPECT_THAT(Deploy(Make("1.1.0")), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace paranet
