#include "examples/weather/weather_table.h"

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weather::v1 {
namespace {

using paranet::StatusIs;
using testing::HasSubstr;

TEST(WeatherTableTest, FirstReportIsTheCitysEntry) {
  ASSERT_OK_AND_ASSIGN(const CurrentResponse report, Report("Oslo", 0));
  EXPECT_EQ(report.city(), "Oslo");
  EXPECT_EQ(report.celsius(), 4.5);
  EXPECT_EQ(report.sky(), SNOW);
  EXPECT_EQ(report.wind_metres_per_second(), 2.5);
}

TEST(WeatherTableTest, IgnoresCaseAndAnswersWithTheRightSpelling) {
  ASSERT_OK_AND_ASSIGN(const CurrentResponse report, Report("reykjavik", 0));
  EXPECT_EQ(report.city(), "Reykjavik");
}

TEST(WeatherTableTest, FollowingReportsSwingByAtMostTwoDegreesAndRepeat) {
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_OK_AND_ASSIGN(const CurrentResponse report, Report("Oslo", i));
    EXPECT_LE(report.celsius(), 6.5);
    EXPECT_GE(report.celsius(), 2.5);
    EXPECT_EQ(report.sequence(), i);
    ASSERT_OK_AND_ASSIGN(const CurrentResponse again, Report("Oslo", i + 16));
    EXPECT_EQ(report.celsius(), again.celsius());
  }
}

TEST(WeatherTableTest, UnknownCityGetsTheNearestNames) {
  EXPECT_THAT(Report("Osla", 0), StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"Osla\". Did you mean \"Oslo\"")));
}

TEST(WeatherTableTest, NoCityIsInvalid) {
  EXPECT_THAT(Report("", 0), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no city given")));
}

}  // namespace
}  // namespace weather::v1
