#include "federation/activity.h"

#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(Activity, WaitsForAllTokens) {
  Activity activity;
  Activity::Token token = activity.Begin();
  ASSERT_TRUE(token);
  absl::Notification waited;
  std::thread waiter([&] {
    activity.CloseAndWait();
    waited.Notify();
  });
  Activity::Token moved = std::move(token);
  EXPECT_FALSE(waited.WaitForNotificationWithTimeout(absl::Milliseconds(20)));
  moved.Release();
  waited.WaitForNotification();
  waiter.join();
}

TEST(Activity, NothingBeginsAfterClose) {
  Activity activity;
  activity.Close();
  EXPECT_FALSE(activity.Begin());
  activity.CloseAndWait();
}

}  // namespace
}  // namespace paranet
