#include "tests/bench/compare.h"

#include <string>

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::bench {
namespace {

using ::testing::HasSubstr;

TEST(Percentile, Interpolates) {
  EXPECT_DOUBLE_EQ(Percentile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(Percentile({1, 2, 3}, 0), 1);
  EXPECT_DOUBLE_EQ(Percentile({1, 2, 3}, 1), 3);
  EXPECT_DOUBLE_EQ(Percentile({}, 0.5), 0);
}

TEST(Compare, AlternatesAndTakesTheMedianOfTheRatios) {
  std::string order;
  double drift = 1;
  auto subject = [&](const char* name, double value) {
    return Subject{name, [&order, &drift, name, value]() -> absl::StatusOr<double> {
                     order += name;
                     return value * (drift *= 1.0);
                   }};
  };
  ASSERT_OK_AND_ASSIGN(Comparison c, Compare("latency", "us", subject("a", 10), subject("b", 20), 4));
  EXPECT_EQ(order,
            "ba"
            "ab"
            "ba"
            "ab"
            "ba");
  EXPECT_DOUBLE_EQ(c.ratio, 0.5);
  EXPECT_DOUBLE_EQ(c.ratio_low, 0.5);
  EXPECT_DOUBLE_EQ(c.ratio_high, 0.5);
  EXPECT_EQ(ToMarkdownRow(c), "| latency | a: 10.0 us | b: 20.0 us | 0.50 (0.50 to 0.50) |");
}

TEST(Compare, EndsWithTheFirstErrorAndSaysWhose) {
  Subject good{"good", [] { return 1.0; }};
  Subject bad{"bad", []() -> absl::StatusOr<double> { return absl::UnavailableError("gone"); }};
  EXPECT_THAT(Compare("x", "us", good, bad, 3).status(), StatusIs(absl::StatusCode::kUnavailable, "bad: gone"));
}

TEST(DescribeMachine, NamesTheCores) { EXPECT_THAT(DescribeMachine(), HasSubstr(" cores, load average ")); }

}  // namespace
}  // namespace paranet::bench
