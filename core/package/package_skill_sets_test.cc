#include "core/package/package_skill_sets.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "core/package/package_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

// Service shop.v1.Shop of this version, whose message has these fields.
std::shared_ptr<const SkillSet> Shop(absl::string_view version, absl::string_view fields,
                                     absl::string_view service = "Shop") {
  return MakeSkillSet(
      absl::StrCat("syntax = \"proto3\"; package shop.v1; import \"paranet/v1/options.proto\"; message ", "M { ",
                   fields, " } service ", service, " { option (paranet.v1.skill_set) = {version: \"", version,
                   "\"}; rpc Go(M) returns (M); }"),
      absl::StrCat("shop.v1.", service));
}

constexpr char kOne[] = "string a = 1;";
constexpr char kTwo[] = "string a = 1; string b = 2;";

TEST(PackageSkillSetsTest, ReadsThoseOfAllActors) {
  v1::Manifest manifest = WeatherManifest();
  *manifest.add_actors() = manifest.actors(0);
  manifest.mutable_actors(1)->set_id("bank");
  manifest.mutable_actors(1)->set_descriptors("bank.binpb");
  manifest.mutable_actors(1)->set_skill_sets(0, "bank.v1.Bank");
  const auto read = [](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == "weather.binpb") return DescriptorsOf("weather.v1.Weather");
    if (path == "bank.binpb") return DescriptorsOf("bank.v1.Bank");
    return absl::NotFoundError("no such file");
  };
  ASSERT_OK_AND_ASSIGN(const SkillSetList sets, PackageSkillSets(manifest, read));
  ASSERT_THAT(sets, SizeIs(2));
  EXPECT_EQ(sets[1]->name(), "bank.v1.Bank");
  manifest.mutable_actors(1)->add_skill_sets("bank.v1.Other");
  EXPECT_THAT(PackageSkillSets(manifest, read),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("actor \"bank\""), HasSubstr("bank.v1.Other"), HasSubstr("\"bank.binpb\""))));
  manifest.mutable_actors(1)->set_descriptors("none");
  EXPECT_THAT(PackageSkillSets(manifest, read),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("actor \"bank\": no such file")));
}

TEST(CheckReplacesTest, WithinAMajorVersion) {
  EXPECT_OK(CheckReplaces({}, {Shop("1.0.0", kOne)}));
  EXPECT_OK(CheckReplaces({Shop("1.0.0", kOne)}, {Shop("1.1.0", kTwo)}));
  EXPECT_THAT(CheckReplaces({Shop("1.1.0", kTwo)}, {Shop("1.2.0", kOne)}),
              StatusIs(kPrecondition, HasSubstr("field shop.v1.M.b (2) was removed")));
  // Also where the author has forgotten the version, or has lowered it.
  EXPECT_THAT(CheckReplaces({Shop("1.1.0", kTwo)}, {Shop("1.1.0", kOne)}), StatusIs(kPrecondition));
  EXPECT_THAT(CheckReplaces({Shop("1.1.0", kTwo)}, {Shop("1.0.0", kOne)}), StatusIs(kPrecondition));
}

TEST(CheckReplacesTest, TheHighestOfAMajorVersionCounts) {
  EXPECT_OK(CheckReplaces({Shop("1.0.0", kOne), Shop("1.1.0", kTwo)}, {Shop("1.0.0", kOne), Shop("1.1.0", kTwo)}));
  EXPECT_THAT(CheckReplaces({Shop("1.0.0", kOne), Shop("1.1.0", kTwo)}, {Shop("1.0.0", kOne)}),
              StatusIs(kPrecondition));
}

TEST(CheckReplacesTest, WhatIsLeftOutIsNoBreak) {
  EXPECT_OK(CheckReplaces({Shop("1.0.0", kTwo)}, {}));
  EXPECT_OK(CheckReplaces({Shop("1.0.0", kTwo)}, {Shop("2.0.0", kOne)}));
  EXPECT_OK(CheckReplaces({Shop("1.0.0", kTwo)}, {Shop("1.0.0", kOne, "Other")}));
}

TEST(CheckBesideTest, OnlyAHigherVersionGetsTheCallsOfALowerOne) {
  EXPECT_THAT(CheckBeside({Shop("1.0.0", kTwo)}, {Shop("1.1.0", kOne)}), StatusIs(kPrecondition));
  EXPECT_OK(CheckBeside({Shop("1.1.0", kTwo)}, {Shop("1.0.0", kOne)}));
  EXPECT_OK(CheckBeside({Shop("1.0.0", kTwo)}, {Shop("2.0.0", kOne)}));
}

}  // namespace
}  // namespace paranet
