#include "core/node/package_admission.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/package/package_signature.h"
#include "core/package/package_testutil.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kExists = absl::StatusCode::kAlreadyExists;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

Package Version(const std::string& version, const std::string& salt = "") {
  v1::Manifest manifest = WeatherManifest();
  manifest.set_version(version);
  auto files = WeatherFiles();
  files["salt"] = salt;
  return MakePackage(manifest, files);
}

DeployedPackage Record(const Package& package) {
  return {.id = package.manifest.id(), .version = package.manifest.version(), .digest = package.Digest()};
}

TEST(CheckPublisherTest, OnlyAStandardNodeAsks) {
  pki::TestNetwork network;
  const auto trust = network.Trust("alpha");
  std::vector<std::string> notes;
  EXPECT_THAT(CheckPublisher(Version("1.0.0"), nullptr, absl::Now(), &notes), IsOkAndHolds(""));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("unsigned")));
  notes.clear();
  EXPECT_THAT(CheckPublisher(Version("1.0.0"), trust->state().get(), absl::Now(), &notes),
              StatusIs(absl::StatusCode::kPermissionDenied));
  Package package = Version("1.0.0");
  const auto labs = network.Issue(pki::Role::kPublisher, "labs");
  ASSERT_OK(SignPackage(&package, labs.key, labs.chain));
  EXPECT_THAT(CheckPublisher(package, trust->state().get(), absl::Now(), &notes),
              IsOkAndHolds("paranet://acme/publisher/labs"));
  EXPECT_THAT(notes, IsEmpty());
  const absl::Time late = labs.chain.leaf().not_after() + absl::Seconds(2);
  EXPECT_THAT(CheckPublisher(package, trust->state().get(), late, &notes),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("expired")));
  EXPECT_THAT(CheckPublisher(package, trust->state().get(), LastValid(package, late), &notes), IsOk());
  EXPECT_EQ(LastValid(package, absl::UnixEpoch()), absl::UnixEpoch());
  EXPECT_EQ(LastValid(Version("1.0.0"), late), late);
}

TEST(CheckNewVersionTest, NotLower) {
  const DeployedPackage deployed = Record(Version("1.10.0"));
  EXPECT_OK(CheckNewVersion(Version("1.10.1"), deployed, {}, true));
  EXPECT_OK(CheckNewVersion(Version("1.10.0"), deployed, {}, true));
  EXPECT_THAT(CheckNewVersion(Version("1.9.0"), deployed, {}, false),
              StatusIs(kPrecondition, HasSubstr("paranet package rollback")));
  EXPECT_THAT(CheckNewVersion(Version("1.10.0-rc"), deployed, {}, false), StatusIs(kPrecondition));
}

TEST(CheckNewVersionTest, OneVersionHasOneContent) {
  const DeployedPackage deployed = Record(Version("1.0.0"));
  const DeployedPackage kept = Record(Version("1.1.0"));
  EXPECT_THAT(CheckNewVersion(Version("1.0.0", "salt"), deployed, {kept}, true),
              StatusIs(kExists, HasSubstr("1.0.0 is deployed")));
  EXPECT_THAT(CheckNewVersion(Version("1.1.0", "salt"), deployed, {kept}, true),
              StatusIs(kExists, HasSubstr("1.1.0 was deployed")));
  EXPECT_OK(CheckNewVersion(Version("1.1.0"), deployed, {kept}, true));
  EXPECT_OK(CheckNewVersion(Version("1.1.0", "salt"), deployed, {kept}, false));
}

TEST(CheckSkillsTest, DescriptorsAreReadBeforeAnythingRuns) {
  const Catalogue catalogue;
  EXPECT_OK(CheckSkills(Version("1.0.0"), {}, *catalogue.snapshot()));
  Package bad = Version("1.0.0");
  bad.files["weather.binpb"] = "none";
  EXPECT_THAT(CheckSkills(bad, {}, *catalogue.snapshot()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("weather.binpb")));
}

}  // namespace
}  // namespace paranet
