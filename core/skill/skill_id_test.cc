#include "core/skill/skill_id.h"

#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

Version V(absl::string_view text) {
  absl::StatusOr<Version> version = Version::Parse(text);
  EXPECT_OK(version);
  return version.value_or(Version());
}

TEST(Version, ParsesAndPrints) {
  const Version version = V("1.22.333");
  EXPECT_EQ(version.major(), 1u);
  EXPECT_EQ(version.minor(), 22u);
  EXPECT_EQ(version.patch(), 333u);
  EXPECT_FALSE(version.is_prerelease());
  for (const char* text :
       {"0.0.0", "1.22.333", "1.0.0-rc.1", "1.0.0-0a.b-c.7", "1.0.0--", "18446744073709551615.0.0"}) {
    EXPECT_EQ(V(text).ToString(), text);
  }
}

TEST(Version, RefusesWhatIsNone) {
  for (const char* text : {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.-3", "1.2.3-", "1.2.3-a..b", "1.2.3-01",
                           "1.2.3-ä", "v1.2.3", " 1.2.3", "1.2.3 ", "+1.2.3", "18446744073709551616.0.0", "a.b.c"}) {
    EXPECT_THAT(Version::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(Version::Parse("1.2.x"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"1.2.x\"")));
  EXPECT_THAT(Version::Parse("1.2.3+5"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("build metadata")));
  EXPECT_THAT(Version::Parse("1.2.3-" + std::string(10'000, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::SizeIs(::testing::Lt(300u))));
}

TEST(Version, OrdersAsSemverSection11) {
  const std::vector<std::string> ascending = {
      "0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-beta.99999999999999999999999",
      "1.0.0-rc.1", "1.0.0",        "1.0.1",         "1.2.0",
      "1.10.0",     "2.0.0"};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(V(ascending[i]) < V(ascending[j]), i < j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(V(ascending[i]) == V(ascending[j]), i == j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(VersionPin, MatchesThePrefixButNoPrerelease) {
  ASSERT_OK_AND_ASSIGN(VersionPin major, VersionPin::Parse("1"));
  EXPECT_TRUE(major.Matches(V("1.0.0")));
  EXPECT_TRUE(major.Matches(V("1.9.7")));
  EXPECT_FALSE(major.Matches(V("10.0.0")));
  EXPECT_FALSE(major.Matches(V("1.9.7-rc.1")));
  ASSERT_OK_AND_ASSIGN(VersionPin minor, VersionPin::Parse("1.2"));
  EXPECT_TRUE(minor.Matches(V("1.2.9")));
  EXPECT_FALSE(minor.Matches(V("1.20.0")));
  EXPECT_FALSE(minor.Matches(V("1.2.9-rc.1")));
  EXPECT_EQ(minor.ToString(), "1.2");
}

TEST(VersionPin, OfAWholeVersionIsExact) {
  ASSERT_OK_AND_ASSIGN(VersionPin pin, VersionPin::Parse("1.2.3-rc.1"));
  EXPECT_TRUE(pin.Matches(V("1.2.3-rc.1")));
  EXPECT_FALSE(pin.Matches(V("1.2.3")));
  ASSERT_OK_AND_ASSIGN(pin, VersionPin::Parse("1.2.3"));
  EXPECT_TRUE(pin.Matches(V("1.2.3")));
  EXPECT_FALSE(pin.Matches(V("1.2.3-rc.1")));
}

TEST(VersionPin, RefusesWhatIsNone) {
  for (const char* text : {"", ".", "1.", "1..2", "01", "1.2.3.4", "x", "~1", "1.2-rc", "-1", "1.x"}) {
    EXPECT_THAT(VersionPin::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text))) << text;
  }
}

TEST(SkillId, ParsesAndOrders) {
  ASSERT_OK_AND_ASSIGN(SkillId id, SkillId::Parse("weather/watch-all2"));
  EXPECT_EQ(id.subject, "weather");
  EXPECT_EQ(id.action, "watch-all2");
  EXPECT_EQ(id.ToString(), "weather/watch-all2");
  EXPECT_LT((SkillId{"a", "z"}), (SkillId{"b", "a"}));
}

TEST(SkillId, RefusesWhatIsNone) {
  for (const char* text :
       {"", "weather", "/", "weather/", "/current", "a/b/c", "Weather/current", "1a/b", "a/-b", "a/b_c"}) {
    EXPECT_THAT(SkillId::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text))) << text;
  }
}

TEST(SkillRef, MayHaveAPin) {
  ASSERT_OK_AND_ASSIGN(SkillRef ref, SkillRef::Parse("weather/current"));
  EXPECT_FALSE(ref.pin.has_value());
  EXPECT_EQ(ref.ToString(), "weather/current");
  ASSERT_OK_AND_ASSIGN(ref, SkillRef::Parse("weather/current~1.2"));
  EXPECT_EQ(ref.id.action, "current");
  EXPECT_TRUE(ref.pin->Matches(V("1.2.5")));
  EXPECT_EQ(ref.ToString(), "weather/current~1.2");
  EXPECT_THAT(SkillRef::Parse("weather/current~"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(SkillRef::Parse("weather/current~1~2"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(SkillRef::Parse("~1"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CheckName, SaysWhatIsWrong) {
  EXPECT_OK(CheckName("alpha-2", "node"));
  EXPECT_OK(CheckName(std::string(63, 'a'), "node"));
  EXPECT_THAT(CheckName(std::string(64, 'a'), "node"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
  EXPECT_THAT(CheckName("", "node"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("node \"\" is empty")));
  EXPECT_THAT(CheckName("Alpha", "node"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("does not begin with a lower-case letter")));
  EXPECT_THAT(CheckName("al.pha", "node"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has \".\" in it")));
  EXPECT_THAT(CheckName("al\x1bpha", "node"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("al\\x1bpha")));
}

}  // namespace
}  // namespace paranet
