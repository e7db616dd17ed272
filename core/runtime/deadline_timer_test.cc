#include "core/runtime/deadline_timer.h"

#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(DeadlineTimerTest, RunsAtItsTimeAndNotBefore) {
  DeadlineTimer timer;
  absl::Notification ran;
  const absl::Time time = absl::Now() + absl::Milliseconds(20);
  absl::Time ran_at;
  timer.Add(time, [&] {
    ran_at = absl::Now();
    ran.Notify();
  });
  ran.WaitForNotification();
  EXPECT_GE(ran_at, time);
}

TEST(DeadlineTimerTest, RunsWhatIsAlreadyDueAtOnce) {
  DeadlineTimer timer;
  absl::Notification ran;
  timer.Add(absl::InfinitePast(), [&] { ran.Notify(); });
  ran.WaitForNotification();
}

TEST(DeadlineTimerTest, RunsInOrderOfTimeNotOfAddition) {
  DeadlineTimer timer;
  absl::Notification ran;
  std::vector<int> order;
  const absl::Time now = absl::Now();
  timer.Add(now + absl::Milliseconds(40), [&] {
    order.push_back(3);
    ran.Notify();
  });
  timer.Add(now + absl::Milliseconds(10), [&] { order.push_back(1); });
  timer.Add(now + absl::Milliseconds(20), [&] { order.push_back(2); });
  ran.WaitForNotification();
  EXPECT_THAT(order, testing::ElementsAre(1, 2, 3));
}

TEST(DeadlineTimerTest, EarlierEntryWakesTheThreadThatSleepsUntilALaterOne) {
  DeadlineTimer timer;
  absl::Notification ran;
  timer.Add(absl::Now() + absl::Hours(1), [] {});
  timer.Add(absl::Now() + absl::Milliseconds(5), [&] { ran.Notify(); });
  EXPECT_TRUE(ran.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST(DeadlineTimerTest, CancelledEntryDoesNotRun) {
  DeadlineTimer timer;
  bool cancelled_ran = false;
  absl::Notification later;
  const absl::Time time = absl::Now() + absl::Milliseconds(10);
  const DeadlineTimer::Id id = timer.Add(time, [&] { cancelled_ran = true; });
  const bool cancelled = timer.Cancel(id);
  timer.Add(time + absl::Milliseconds(5), [&] { later.Notify(); });
  later.WaitForNotification();
  EXPECT_EQ(cancelled, !cancelled_ran);
  EXPECT_FALSE(timer.Cancel(id));
}

TEST(DeadlineTimerTest, CancelLetsGoOfWhatTheEntryOwned) {
  DeadlineTimer timer;
  auto owned = std::make_shared<int>(1);
  const DeadlineTimer::Id id = timer.Add(absl::Now() + absl::Hours(1), [owned] {});
  EXPECT_EQ(owned.use_count(), 2);
  EXPECT_TRUE(timer.Cancel(id));
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(DeadlineTimerTest, InfiniteTimeMakesNoEntry) {
  DeadlineTimer timer;
  EXPECT_FALSE(timer.Cancel(timer.Add(absl::InfiniteFuture(), [] {})));
  EXPECT_FALSE(timer.Cancel(DeadlineTimer::Id()));
}

TEST(DeadlineTimerTest, DestructorForgetsWhatIsNotDue) {
  bool ran = false;
  {
    DeadlineTimer().Add(absl::Now() + absl::Hours(1), [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace paranet
