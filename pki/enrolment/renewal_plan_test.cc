#include "pki/enrolment/renewal_plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const CertificateLife kDay = LifeOf(kNow - absl::Minutes(1), kNow + absl::Hours(24));

TEST(RenewalPlanTest, LifeBeginsWithTheIssue) {
  EXPECT_EQ(kDay.begin, kNow);
  EXPECT_EQ(kDay.end, kNow + absl::Hours(24));
  // Seconds of life, as tests have them: still the life after the issue, not the minute before it.
  EXPECT_EQ(LifeOf(kNow - absl::Minutes(1), kNow + absl::Seconds(10)).begin, kNow);
  // One that was not backdated.
  EXPECT_EQ(LifeOf(kNow, kNow + absl::Seconds(10)).begin, kNow);
}

TEST(RenewalPlanTest, RenewsAboutHalfway) {
  EXPECT_EQ(RenewalTime(kDay, 0.5), kNow + absl::Hours(12));
  EXPECT_EQ(RenewalTime(kDay, 0), kNow + absl::Hours(24) * 0.45);
  EXPECT_LT(RenewalTime(kDay, 0.999), kNow + absl::Hours(24) * 0.55);
}

TEST(RenewalPlanTest, PausesDoubleUpToABoundAndAreFullyJittered) {
  EXPECT_EQ(RenewalPause(kDay, 1, 0), absl::ZeroDuration());
  // A hundredth of a day is beyond the longest pause.
  EXPECT_EQ(RenewalPause(kDay, 1, 1), absl::Minutes(5));
  EXPECT_EQ(RenewalPause(kDay, 1000, 1), absl::Minutes(5));
  const CertificateLife short_life = LifeOf(kNow - absl::Minutes(1), kNow + absl::Seconds(100));
  EXPECT_EQ(RenewalPause(short_life, 1, 1), absl::Seconds(1));
  EXPECT_EQ(RenewalPause(short_life, 2, 1), absl::Seconds(2));
  EXPECT_EQ(RenewalPause(short_life, 3, 0.5), absl::Seconds(2));
  EXPECT_EQ(RenewalPause(short_life, 9, 1), absl::Seconds(10));
}

TEST(RenewalPlanTest, LivesOfSecondsLeaveTimeForSeveralAttempts) {
  const CertificateLife life = LifeOf(kNow - absl::Minutes(1), kNow + absl::Seconds(5));
  for (int failures = 1; failures < 20; ++failures) EXPECT_LE(RenewalPause(life, failures, 1), absl::Milliseconds(500));
}

TEST(RenewalPlanTest, Urgency) {
  EXPECT_EQ(UrgencyOf(kDay, kNow), RenewalUrgency::kNone);
  EXPECT_EQ(UrgencyOf(kDay, kNow + absl::Hours(17)), RenewalUrgency::kNone);
  EXPECT_EQ(UrgencyOf(kDay, kNow + absl::Hours(18)), RenewalUrgency::kSoon);
  EXPECT_EQ(UrgencyOf(kDay, kNow + absl::Hours(22)), RenewalUrgency::kLast);
  EXPECT_EQ(UrgencyOf(kDay, kNow + absl::Hours(24)), RenewalUrgency::kLast);
  EXPECT_EQ(UrgencyOf(kDay, kNow + absl::Hours(24) + absl::Seconds(1)), RenewalUrgency::kExpired);
}

TEST(RenewalPlanTest, Warnings) {
  EXPECT_EQ(RenewalWarning(kDay, kNow, true, "no route"), "");
  EXPECT_THAT(RenewalWarning(kDay, kNow + absl::Hours(20), true, "no route"),
              AllOf(HasSubstr("expires in 4h"), HasSubstr("2027-01-16T08:00:00Z"), HasSubstr("not been renewed"),
                    HasSubstr("no route")));
  EXPECT_THAT(RenewalWarning(kDay, kNow + absl::Hours(20), false, ""),
              AllOf(HasSubstr("set up by files"), testing::Not(HasSubstr("last attempt"))));
  EXPECT_THAT(RenewalWarning(kDay, kNow + absl::Hours(25), true, ""),
              AllOf(HasSubstr("expired at"), HasSubstr("node enroll")));
}

}  // namespace
}  // namespace paranet::pki
