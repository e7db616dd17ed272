// One version in the place of another: kept versions, going back, leaving, and what fails half way.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/package_manager.h"
#include "core/node/package_manager_testutil.h"
#include "core/package/archive.h"
#include "core/package/package_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

class ReplaceTest : public PackageManagerTest {
 protected:
  // `weather` in this version, whose skill set has this version and this message.
  static Package WithSkillSet(const std::string& version, absl::string_view set_version, absl::string_view message,
                              const std::string& id = "weather") {
    Package package = Make(version, "", id, id);
    package.files["weather.binpb"] = CompileProto(
        absl::StrCat("syntax = \"proto3\"; package weather.v1; import \"paranet/v1/options.proto\"; message M { ",
                     message, " } service Weather { option (paranet.v1.skill_set) = {version: \"", set_version,
                     "\"}; rpc Current(M) returns (M); }"));
    return MakePackage(package.manifest, package.files);
  }
  std::string Archive(const Package& package) {
    absl::StatusOr<std::string> archive = SerializeArchive(package);
    EXPECT_OK(archive);
    return archive.value_or("");
  }
  // The digests in the store.
  std::vector<std::string> StoredDigests() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_->path() + "/packages")) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
};

TEST_F(ReplaceTest, TheLastThreeVersionsAreKept) {
  for (const char* version : {"1.0.0", "1.9.0", "1.10.0", "1.11.0", "1.12.0"}) {
    ASSERT_OK(Deploy(Make(version)));
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_THAT(Previous(), ElementsAre("1.11.0", "1.10.0", "1.9.0"));
  // Each has stopped once the next one is deployed.
  events_.Wait(9);
  Open(v1::TEST);
  EXPECT_EQ(Version(), "1.12.0");
  EXPECT_THAT(Previous(), ElementsAre("1.11.0", "1.10.0", "1.9.0"));
  EXPECT_THAT(StoredDigests(), SizeIs(4));
  EXPECT_FALSE(Stored(Make("1.0.0")));
  uint64_t size = 0;
  for (const char* version : {"1.9.0", "1.10.0", "1.11.0", "1.12.0"}) size += store_->Size(Make(version).Digest());
  EXPECT_EQ(manager_->List()[0].size(), size);
}

TEST_F(ReplaceTest, CallsEndWhereTheyBegan) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  FakeProvider& old = last_->provider();
  old.set_outstanding(1);
  ASSERT_OK(Deploy(Make("1.1.0")));
  EXPECT_THAT(Providers(), ElementsAre("weather@1.1.0"));
  // The call that runs keeps its actor, its files and nothing else.
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0", "start weather@1.1.0"));
  ASSERT_OK(Deploy(Make("1.2.0")));
  EXPECT_THAT(events_.Wait(4),
              ElementsAre("start weather@1.0.0", "start weather@1.1.0", "start weather@1.2.0", "stop weather@1.1.0"));
  old.set_outstanding(0);
  EXPECT_THAT(events_.Wait(5), Contains("stop weather@1.0.0"));
}

TEST_F(ReplaceTest, ButNoLongerThanTheDrain) {
  drain_ = absl::Milliseconds(50);
  Open(v1::TEST);
  ASSERT_OK(Deploy(Make("1.0.0")));
  last_->provider().set_outstanding(1);
  ASSERT_OK(Deploy(Make("1.1.0")));
  EXPECT_THAT(events_.Wait(3), ElementsAre("start weather@1.0.0", "start weather@1.1.0", "stop weather@1.0.0"));
}

TEST_F(ReplaceTest, ANodeThatStopsWhileAVersionLeavesKeepsThePackages) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  last_->provider().set_outstanding(1);
  ASSERT_OK(Deploy(Make("1.1.0")));
  manager_->Stop(absl::Now());
  EXPECT_THAT(events_.Now(), Contains("stop weather@1.0.0"));
  Open(v1::TEST);
  EXPECT_EQ(Version(), "1.1.0");
  EXPECT_THAT(Providers(), ElementsAre("weather@1.1.0"));
  EXPECT_THAT(Previous(), ElementsAre("1.0.0"));
}

TEST_F(ReplaceTest, AQuarantinedActorIsStartedByDeployingAgain) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  last_->provider().set_available(false);
  EXPECT_EQ(manager_->List()[0].running(0).state(), v1::ActorInfo::QUARANTINED);
  ASSERT_OK(Deploy(Make("1.0.0")));
  EXPECT_EQ(manager_->List()[0].running(0).state(), v1::ActorInfo::RUNNING);
  EXPECT_THAT(Previous(), IsEmpty());
  EXPECT_THAT(events_.Wait(3), SizeIs(3));
  EXPECT_TRUE(Stored(Make("1.0.0")));
}

// --- Skill sets ------------------------------------------------------------------------------------------------------

TEST_F(ReplaceTest, WhatBreaksASkillSetIsRefusedWithEveryBreak) {
  const Package first = WithSkillSet("1.0.0", "1.0.0", "string city = 1; string unit = 2;");
  ASSERT_OK(Deploy(first));
  EXPECT_THAT(Deploy(WithSkillSet("1.1.0", "1.1.0", "int32 city = 1;")),
              StatusIs(kPrecondition, AllOf(HasSubstr("package weather 1.1.0: skill set weather.v1.Weather 1.1.0"),
                                            HasSubstr("field weather.v1.M.city was of type string"),
                                            HasSubstr("field weather.v1.M.unit (2) was removed"), HasSubstr("2.0.0"))));
  EXPECT_EQ(Version(), "1.0.0");
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0"));
  EXPECT_THAT(StoredDigests(), ElementsAre(first.Digest()));
  EXPECT_OK(Deploy(WithSkillSet("1.2.0", "2.0.0", "int32 city = 1;")));
  EXPECT_EQ(Version(), "1.2.0");
}

TEST_F(ReplaceTest, AlsoWhereTheDeployedOneDoesNotRun) {
  ASSERT_OK(Deploy(WithSkillSet("1.0.0", "1.0.0", "string city = 1;")));
  start_error_ = absl::InvalidArgumentError("no");
  Open(v1::TEST);
  start_error_ = absl::OkStatus();
  EXPECT_THAT(Deploy(WithSkillSet("1.1.0", "1.1.0", "")), StatusIs(kPrecondition));
  EXPECT_OK(Deploy(WithSkillSet("1.1.0", "1.1.0", "string city = 1; string unit = 2;")));
}

TEST_F(ReplaceTest, ASkillSetOfAnotherPackageIsNotBrokenEither) {
  ASSERT_OK(Deploy(WithSkillSet("1.0.0", "1.0.0", "string city = 1;")));
  EXPECT_THAT(Deploy(WithSkillSet("1.0.0", "1.1.0", "", "climate")), StatusIs(kPrecondition));
  EXPECT_OK(Deploy(WithSkillSet("1.0.0", "1.1.0", "string city = 1; string unit = 2;", "climate")));
}

// --- Rollback --------------------------------------------------------------------------------------------------------

TEST_F(ReplaceTest, GoesBackToTheOneBefore) {
  for (const char* version : {"1.0.0", "1.1.0", "1.2.0"}) ASSERT_OK(Deploy(Make(version)));
  ASSERT_OK_AND_ASSIGN(v1::DeployResponse response, manager_->RollBack("weather", ""));
  EXPECT_EQ(response.package().version(), "1.1.0");
  EXPECT_THAT(response.notes(), Contains(HasSubstr("weather 1.2.0 was taken back")));
  EXPECT_THAT(Providers(), ElementsAre("weather@1.1.0"));
  EXPECT_THAT(Previous(), ElementsAre("1.2.0", "1.0.0"));
  ASSERT_OK_AND_ASSIGN(response, manager_->RollBack("weather", ""));
  EXPECT_EQ(response.package().version(), "1.0.0");
  EXPECT_THAT(manager_->RollBack("weather", ""),
              StatusIs(kNotFound, AllOf(HasSubstr("no lower version"), HasSubstr("1.1.0, 1.2.0"))));
  Open(v1::TEST);
  EXPECT_EQ(Version(), "1.0.0");
  // And forward again.
  ASSERT_OK(manager_->RollBack("weather", "1.2.0"));
  EXPECT_EQ(Version(), "1.2.0");
  EXPECT_THAT(Previous(), ElementsAre("1.1.0", "1.0.0"));
}

TEST_F(ReplaceTest, GoesBackWhateverThatBreaks) {
  ASSERT_OK(Deploy(WithSkillSet("1.0.0", "1.0.0", "string city = 1;")));
  ASSERT_OK(Deploy(WithSkillSet("1.1.0", "1.1.0", "string city = 1; string unit = 2;")));
  EXPECT_OK(manager_->RollBack("weather", ""));
}

TEST_F(ReplaceTest, ALowerVersionIsRefusedWithTheWayBack) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  EXPECT_THAT(Deploy(Make("1.0.0")), StatusIs(kPrecondition, HasSubstr("paranet package rollback")));
}

TEST_F(ReplaceTest, SaysWhatThereIsToGoBackTo) {
  EXPECT_THAT(manager_->RollBack("weather", ""), StatusIs(kNotFound, HasSubstr("no package \"weather\"")));
  ASSERT_OK(Deploy(Make("1.0.0")));
  EXPECT_THAT(manager_->RollBack("weathr", ""), StatusIs(kNotFound, HasSubstr("Did you mean \"weather\"?")));
  EXPECT_THAT(manager_->RollBack("weather", ""), StatusIs(kNotFound, HasSubstr("no other at all")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  EXPECT_THAT(manager_->RollBack("weather", "0.9.0"),
              StatusIs(kNotFound, AllOf(HasSubstr("no version 0.9.0"), HasSubstr("it has 1.0.0"))));
  EXPECT_EQ(Version(), "1.1.0");
}

TEST_F(ReplaceTest, AVersionThatDoesNotStartAnyMoreIsNotGoneBackTo) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  start_error_ = absl::InvalidArgumentError("does not load");
  EXPECT_THAT(manager_->RollBack("weather", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("weather 1.0.0"), HasSubstr("load"))));
  start_error_ = absl::OkStatus();
  EXPECT_EQ(Version(), "1.1.0");
  EXPECT_THAT(Previous(), ElementsAre("1.0.0"));
  ASSERT_OK(WriteFileAtomically(store_->Path(Make("1.0.0").Digest()) + "/salt", "other", 0600));
  EXPECT_THAT(manager_->RollBack("weather", ""), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("salt")));
  EXPECT_EQ(Version(), "1.1.0");
}

// --- Publishers ------------------------------------------------------------------------------------------------------

TEST_F(ReplaceTest, ARevokedPublisherDeploysNothingMoreAndIsNotGoneBackTo) {
  Open(v1::STANDARD);
  ASSERT_OK(Deploy(Signed(Make("1.0.0"), network_)));
  ASSERT_OK(Deploy(Signed(Make("1.1.0"), network_)));
  const Package next = Signed(Make("1.2.0"), network_);
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("labs", pki::Role::kPublisher)));
  EXPECT_THAT(Deploy(next), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("REVOKED")));
  EXPECT_THAT(manager_->RollBack("weather", ""),
              StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("weather 1.0.0"), HasSubstr("REVOKED"))));
  EXPECT_EQ(Version(), "1.1.0");
}

TEST_F(ReplaceTest, AnExpiredPublisherDeploysNothingMoreButIsGoneBackTo) {
  Open(v1::STANDARD);
  ASSERT_OK(Deploy(Signed(Make("1.0.0"), network_)));
  ASSERT_OK(Deploy(Signed(Make("1.1.0"), network_)));
  const Package late = Signed(Make("1.2.0"), network_);
  clock_.Advance(absl::Hours(48));
  EXPECT_THAT(Deploy(late), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("expired")));
  EXPECT_EQ(Version(), "1.1.0");
  ASSERT_OK_AND_ASSIGN(const v1::DeployResponse response, manager_->RollBack("weather", ""));
  EXPECT_EQ(response.package().publisher(), "paranet://acme/publisher/labs");
}

TEST_F(ReplaceTest, AStandardNodeDoesNotGoBackToWhatNobodySigned) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  Open(v1::STANDARD);
  EXPECT_THAT(manager_->RollBack("weather", ""),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not signed")));
}

TEST_F(ReplaceTest, OtherContentOfAKeptVersionNeedsAHigherOneToo) {
  Open(v1::STANDARD);
  ASSERT_OK(Deploy(Signed(Make("1.0.0"), network_)));
  ASSERT_OK(Deploy(Signed(Make("1.1.0"), network_)));
  ASSERT_OK(manager_->RollBack("weather", ""));
  EXPECT_THAT(Deploy(Signed(Make("1.1.0", "salt"), network_)),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("1.1.0 was deployed with other content")));
  EXPECT_OK(Deploy(Signed(Make("1.1.0"), network_)));
}

// --- Undeploy, Pull, logs --------------------------------------------------------------------------------------------

TEST_F(ReplaceTest, UndeployLeavesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  ASSERT_OK(Deploy(Make("2.0.0", "", "bank", "bank")));
  ASSERT_OK_AND_ASSIGN(const v1::PackageInfo package, manager_->Undeploy("weather"));
  EXPECT_EQ(package.version(), "1.1.0");
  EXPECT_THAT(events_.Now(), Contains("stop weather@1.1.0"));
  EXPECT_THAT(ProvidersAtStop(), Not(Contains("weather@1.1.0")));
  EXPECT_THAT(Providers(), ElementsAre("bank@2.0.0"));
  EXPECT_EQ(Version(), "2.0.0");
  events_.Wait(5);
  Open(v1::TEST);
  EXPECT_EQ(Version(), "2.0.0");
  EXPECT_THAT(StoredDigests(), ElementsAre(Make("2.0.0", "", "bank", "bank").Digest()));
  // A new beginning.
  EXPECT_OK(Deploy(Make("0.1.0")));
}

TEST_F(ReplaceTest, UndeployOfNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  EXPECT_THAT(manager_->Undeploy("wether"), StatusIs(kNotFound, HasSubstr("Did you mean \"weather\"?")));
  manager_->Stop(absl::Now());
  EXPECT_THAT(manager_->Undeploy("weather"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(manager_->RollBack("weather", ""), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ReplaceTest, APackageThatFailedCanBeUndeployed) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  start_error_ = absl::InvalidArgumentError("no");
  Open(v1::TEST);
  ASSERT_OK(manager_->Undeploy("weather"));
  EXPECT_THAT(manager_->List(), IsEmpty());
  EXPECT_THAT(StoredDigests(), IsEmpty());
}

TEST_F(ReplaceTest, PullGivesBackTheBytes) {
  const std::string first = Archive(Signed(Make("1.0.0"), network_));
  const std::string second = Archive(Make("1.1.0"));
  ASSERT_OK(manager_->Deploy(first));
  ASSERT_OK(manager_->Deploy(second));
  Open(v1::TEST);
  EXPECT_THAT(manager_->Pull("weather", ""), IsOkAndHolds(second));
  EXPECT_THAT(manager_->Pull("weather", "1.1.0"), IsOkAndHolds(second));
  EXPECT_THAT(manager_->Pull("weather", "1.0.0"), IsOkAndHolds(first));
  EXPECT_THAT(manager_->Pull("weather", "1.2.0"), StatusIs(kNotFound, HasSubstr("it has 1.1.0, 1.0.0")));
  EXPECT_THAT(manager_->Pull("wether", ""), StatusIs(kNotFound, HasSubstr("Did you mean \"weather\"?")));
  ASSERT_OK(WriteFileAtomically(store_->Path(Make("1.1.0").Digest()) + "/salt", "other", 0600));
  EXPECT_THAT(manager_->Pull("weather", ""), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ReplaceTest, WhoSignedLastIsWhatPullSays) {
  const std::string unsigned_one = Archive(Make("1.0.0"));
  const std::string signed_one = Archive(Signed(Make("1.0.0"), network_));
  ASSERT_OK(manager_->Deploy(unsigned_one));
  ASSERT_OK(manager_->Deploy(signed_one));
  EXPECT_THAT(manager_->Pull("weather", ""), IsOkAndHolds(signed_one));
}

TEST_F(ReplaceTest, LogsOfActors) {
  EXPECT_THAT(manager_->ActorLogTail("weather", 0), StatusIs(kNotFound, HasSubstr("\"alpha\"")));
  ASSERT_OK(Deploy(Make("1.0.0")));
  last_->first_log().Write(ActorLog::Level::kInfo, "one");
  last_->first_log().Write(ActorLog::Level::kStderr, "two");
  for (const char* name : {"weather", "weather@1.0.0"}) {
    ASSERT_OK_AND_ASSIGN(const v1::GetActorLogResponse log, manager_->ActorLogTail(name, 0));
    EXPECT_EQ(log.actor(), "weather@1.0.0");
    ASSERT_EQ(log.lines_size(), 2);
    EXPECT_EQ(log.lines(0).text(), "one");
    EXPECT_EQ(log.lines(0).level(), "info");
    EXPECT_GT(log.lines(0).at_unix_ms(), 0);
    EXPECT_EQ(log.lines(1).level(), "stderr");
  }
  ASSERT_OK_AND_ASSIGN(const v1::GetActorLogResponse last, manager_->ActorLogTail("weather", 1));
  ASSERT_EQ(last.lines_size(), 1);
  EXPECT_EQ(last.lines(0).text(), "two");
  EXPECT_THAT(manager_->ActorLogTail("weather@1.0.1", 0),
              StatusIs(kNotFound, HasSubstr("Did you mean \"weather@1.0.0\"?")));
}

// --- What fails half way ---------------------------------------------------------------------------------------------

TEST_F(ReplaceTest, AStoreWithoutRoomChangesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  max_bytes_ = store_->Size(Make("1.0.0").Digest()) + 100;
  Open(v1::TEST);
  EXPECT_THAT(Deploy(Make("1.1.0")), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("undeploy")));
  EXPECT_EQ(Version(), "1.0.0");
  EXPECT_THAT(events_.Now(), ElementsAre("start weather@1.0.0"));
}

TEST_F(ReplaceTest, AStateThatCannotBeWrittenChangesNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  events_.Wait(3);
  struct Step {
    const char* trigger;
    std::function<absl::Status()> change;
  };
  const auto deploy = [this] { return Deploy(Make("1.2.0")).status(); };
  const auto roll_back = [this] { return manager_->RollBack("weather", "").status(); };
  const auto undeploy = [this] { return manager_->Undeploy("weather").status(); };
  for (const Step& step : std::vector<Step>{{"INSERT ON package", deploy},
                                            {"DELETE ON package_previous", deploy},
                                            {"INSERT ON package_previous", deploy},
                                            {"INSERT ON package", roll_back},
                                            {"INSERT ON package_previous", roll_back},
                                            {"DELETE ON package", undeploy},
                                            {"DELETE ON package_previous", undeploy}}) {
    ASSERT_OK(state_->database().Execute(
        absl::StrCat("CREATE TRIGGER broken BEFORE ", step.trigger, " BEGIN SELECT RAISE(ABORT, 'broken'); END")));
    EXPECT_THAT(step.change(), Not(IsOk())) << step.trigger;
    ASSERT_OK(state_->database().Execute("DROP TRIGGER broken"));
    EXPECT_EQ(Version(), "1.1.0") << step.trigger;
    EXPECT_THAT(Previous(), ElementsAre("1.0.0"));
    EXPECT_THAT(Providers(), ElementsAre("weather@1.1.0"));
    EXPECT_THAT(StoredDigests(), SizeIs(2));
    Open(v1::TEST);
    EXPECT_EQ(Version(), "1.1.0");
  }
}

// Copies the node's directory, as a crash would leave it, whenever something happens.
class CrashTest : public ReplaceTest {
 protected:
  void Snap() {
    const std::string copy = absl::StrCat(copies_->path(), "/", count_++);
    std::filesystem::copy(dir_->path(), copy, std::filesystem::copy_options::recursive);
  }
  void SnapWhateverHappens() {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory copies, TemporaryDirectory::Create("copies"));
    copies_.emplace(std::move(copies));
    on_start_ = [this] { Snap(); };
    on_stop_ = [this] { Snap(); };
  }
  // Every copy is a node with one of these versions, which runs, and nothing else in its store.
  void CheckCopies(const std::vector<std::string>& versions, int least) {
    on_start_ = on_stop_ = [] {};
    EXPECT_GE(count_, least);
    for (int i = 0; i < count_; ++i) {
      const std::string copy = absl::StrCat(copies_->path(), "/", i);
      OpenIn(copy, v1::TEST);
      EXPECT_THAT(versions, Contains(Version())) << i;
      std::vector<std::string> digests;
      for (const v1::PackageInfo& package : manager_->List()) {
        EXPECT_EQ(package.state(), v1::PackageInfo::RUNNING) << package.error();
        EXPECT_THAT(Providers(), ElementsAre(absl::StrCat("weather@", package.version())));
        for (const std::string& version : package.previous()) EXPECT_OK(manager_->Pull("weather", version));
        digests.resize(1 + package.previous_size());
      }
      int stored = 0;
      for (const auto& entry : std::filesystem::directory_iterator(copy + "/packages")) {
        stored += entry.is_directory() ? 1 : 0;
      }
      EXPECT_EQ(stored, static_cast<int>(digests.size())) << i;
    }
  }

  std::optional<TemporaryDirectory> copies_;
  int count_ = 0;
};

TEST_F(CrashTest, LeavesTheOldVersionOrTheNew) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  SnapWhateverHappens();
  ASSERT_OK(Deploy(Make("1.1.0")));
  events_.Wait(3);
  Snap();
  CheckCopies({"1.0.0", "1.1.0"}, 3);
}

TEST_F(CrashTest, LeavesTheOldVersionOrTheOneBefore) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  ASSERT_OK(Deploy(Make("1.1.0")));
  events_.Wait(3);
  SnapWhateverHappens();
  ASSERT_OK(manager_->RollBack("weather", ""));
  events_.Wait(5);
  Snap();
  CheckCopies({"1.0.0", "1.1.0"}, 3);
}

TEST_F(CrashTest, LeavesThePackageOrNothing) {
  ASSERT_OK(Deploy(Make("1.0.0")));
  SnapWhateverHappens();
  Snap();
  ASSERT_OK(manager_->Undeploy("weather"));
  Snap();
  CheckCopies({"1.0.0", "0 packages"}, 3);
}

TEST_F(CrashTest, AFirstDeploymentThatNeverCame) {
  SnapWhateverHappens();
  start_error_ = absl::InvalidArgumentError("no");
  EXPECT_THAT(Deploy(Make("1.0.0")), Not(IsOk()));
  Snap();
  start_error_ = absl::OkStatus();
  CheckCopies({"0 packages"}, 2);
}

}  // namespace
}  // namespace paranet
