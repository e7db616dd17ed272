#include "federation/backoff.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(Backoff, StaysBelowALimitThatDoublesUpToTheCap) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(3));
  absl::Duration limit = absl::Milliseconds(100);
  for (int i = 0; i < 20; ++i) {
    const absl::Duration pause = backoff.Next();
    EXPECT_GE(pause, absl::ZeroDuration());
    EXPECT_LT(pause, limit);
    limit = std::min(limit * 2, absl::Seconds(3));
  }
}

TEST(Backoff, UsesTheWholeRange) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(1));
  absl::Duration least = absl::Seconds(1), most = absl::ZeroDuration();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration pause = backoff.Next();
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  EXPECT_LT(least, absl::Milliseconds(100));
  EXPECT_GT(most, absl::Milliseconds(900));
}

TEST(Backoff, ResetBeginsAnew) {
  Backoff backoff(absl::Milliseconds(1), absl::Hours(1));
  for (int i = 0; i < 20; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LT(backoff.Next(), absl::Milliseconds(1));
}

}  // namespace
}  // namespace paranet
