#include "pki/enrolment/rate_limit.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RateLimitTest : public testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
};

TEST_F(RateLimitTest, BurstThenTheRate) {
  RateLimit limit({.per_second = 2, .burst = 3}, &clock_);
  for (int i = 0; i < 3; ++i) EXPECT_OK(limit.Take("a"));
  EXPECT_THAT(limit.Take("a"), StatusIs(absl::StatusCode::kResourceExhausted,
                                        AllOf(HasSubstr("from a"), HasSubstr("try again in 1 s"))));
  clock_.Advance(absl::Milliseconds(500));
  EXPECT_OK(limit.Take("a"));
  EXPECT_FALSE(limit.Take("a").ok());
}

TEST_F(RateLimitTest, OneDoesNotTakeFromAnother) {
  RateLimit limit({.per_second = 1, .burst = 1}, &clock_);
  EXPECT_OK(limit.Take("a"));
  EXPECT_FALSE(limit.Take("a").ok());
  EXPECT_OK(limit.Take("b"));
}

TEST_F(RateLimitTest, APauseGivesNoMoreThanTheBurst) {
  RateLimit limit({.per_second = 10, .burst = 2}, &clock_);
  clock_.Advance(absl::Hours(1));
  EXPECT_OK(limit.Take("a"));
  EXPECT_OK(limit.Take("a"));
  EXPECT_FALSE(limit.Take("a").ok());
}

TEST_F(RateLimitTest, NoLimit) {
  RateLimit limit({}, &clock_);
  for (int i = 0; i < 1000; ++i) ASSERT_OK(limit.Take("a"));
  EXPECT_EQ(limit.parties(), 0U);
}

TEST_F(RateLimitTest, ClockThatIsSetBackIsHarmless) {
  RateLimit limit({.per_second = 1, .burst = 1}, &clock_);
  EXPECT_OK(limit.Take("a"));
  clock_.Advance(-absl::Hours(1));
  EXPECT_FALSE(limit.Take("a").ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_OK(limit.Take("a"));
}

TEST_F(RateLimitTest, StrangersCannotGrowIt) {
  RateLimit limit({.per_second = 1, .burst = 5, .parties = 10}, &clock_);
  EXPECT_OK(limit.Take("known"));
  int served = 0;
  for (int i = 0; i < 1000; ++i) served += limit.Take(absl::StrCat("stranger-", i)).ok() ? 1 : 0;
  EXPECT_LE(limit.parties(), 11U);
  // Nine with a bucket of their own, and the one that all others share.
  EXPECT_EQ(served, 9 + 5);
  EXPECT_OK(limit.Take("known"));
}

TEST_F(RateLimitTest, WhoHasPausedIsForgotten) {
  RateLimit limit({.per_second = 1, .burst = 2, .parties = 3}, &clock_);
  for (const char* party : {"a", "b", "c", "d"}) EXPECT_OK(limit.Take(party));
  EXPECT_OK(limit.Take("e"));
  EXPECT_FALSE(limit.Take("f").ok());
  clock_.Advance(absl::Seconds(5));
  EXPECT_OK(limit.Take("f"));
  EXPECT_EQ(limit.parties(), 1U);
}

}  // namespace
}  // namespace paranet::pki
