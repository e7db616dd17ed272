#include "core/runtime/supervision/restart_policy.h"

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(RestartPolicyTest, WaitsTwiceAsLongEachTimeUpToTheMost) {
  RestartPolicy policy({.failures = 100});
  absl::Time now = absl::UnixEpoch();
  absl::Duration due = absl::Milliseconds(100);
  for (int i = 0; i < 20; ++i) {
    const auto wait = policy.OnFailure(absl::InfinitePast(), now, 1);
    ASSERT_TRUE(wait.has_value());
    EXPECT_EQ(*wait, std::min(due, absl::Seconds(30)));
    due *= 2;
    now += *wait;
  }
}

TEST(RestartPolicyTest, ChanceTakesUpToHalf) {
  RestartPolicy policy({});
  EXPECT_EQ(policy.OnFailure(absl::InfinitePast(), absl::UnixEpoch(), 0), absl::Milliseconds(50));
}

TEST(RestartPolicyTest, WhatRanForLongIsWellAgain) {
  RestartPolicy policy({});
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 3; ++i) policy.OnFailure(absl::InfinitePast(), now, 1);
  EXPECT_EQ(policy.OnFailure(now, now + absl::Seconds(60), 1), absl::Milliseconds(100));
}

TEST(RestartPolicyTest, TooManyWithinTheTimeAreTheEnd) {
  RestartPolicy policy({.failures = 3, .within = absl::Seconds(10)});
  const absl::Time start = absl::UnixEpoch();
  EXPECT_TRUE(policy.OnFailure(absl::InfinitePast(), start, 1).has_value());
  EXPECT_TRUE(policy.OnFailure(absl::InfinitePast(), start + absl::Seconds(6), 1).has_value());
  // The first one is too long ago.
  EXPECT_TRUE(policy.OnFailure(absl::InfinitePast(), start + absl::Seconds(12), 1).has_value());
  EXPECT_FALSE(policy.OnFailure(absl::InfinitePast(), start + absl::Seconds(13), 1).has_value());
}

}  // namespace
}  // namespace paranet
