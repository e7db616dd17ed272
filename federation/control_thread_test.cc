#include "federation/control_thread.h"

#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;

TEST(ControlThread, RunsPostedWorkInOrder) {
  ControlThread thread;
  std::vector<int> order;
  absl::Notification done;
  thread.Post([&] { order.push_back(1); });
  thread.Post([&] { order.push_back(2); });
  thread.Post([&] { done.Notify(); });
  done.WaitForNotification();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(ControlThread, RunsTimedWorkByTimeAndNotBefore) {
  ControlThread thread;
  std::vector<int> order;
  absl::Notification done;
  const absl::Time begin = absl::Now();
  thread.At(begin + absl::Milliseconds(30), [&] {
    order.push_back(2);
    done.Notify();
  });
  thread.At(begin + absl::Milliseconds(5), [&] { order.push_back(1); });
  done.WaitForNotification();
  EXPECT_THAT(order, ElementsAre(1, 2));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(30));
}

TEST(ControlThread, CancelledWorkDoesNotRun) {
  ControlThread thread;
  bool ran = false;
  absl::Notification done;
  const uint64_t id = thread.At(absl::Now() + absl::Milliseconds(10), [&] { ran = true; });
  thread.Cancel(id);
  thread.Cancel(id);
  thread.At(absl::Now() + absl::Milliseconds(20), [&] { done.Notify(); });
  done.WaitForNotification();
  EXPECT_FALSE(ran);
}

TEST(ControlThread, WorkMayPostAndCancel) {
  ControlThread thread;
  absl::Notification done;
  thread.Post([&] { thread.Post([&] { thread.At(absl::Now(), [&] { done.Notify(); }); }); });
  done.WaitForNotification();
}

TEST(ControlThread, DropsWorkAfterStopEvenIfItPosts) {
  auto thread = std::make_shared<ControlThread>();
  struct PostsWhenDropped {
    ControlThread* thread;
    ~PostsWhenDropped() {
      thread->Post([] {});
    }
  };
  thread->At(absl::InfiniteFuture(), [held = std::make_shared<PostsWhenDropped>(PostsWhenDropped{thread.get()})] {});
  thread->Stop();
  bool ran = false;
  thread->Post([&] { ran = true; });
  thread->Stop();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace paranet
