#include "core/runtime/actor_executor.h"

#include <atomic>
#include <memory>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(ActorExecutorTest, RunsEveryTask) {
  ActorExecutor executor;
  absl::BlockingCounter left(1000);
  for (int i = 0; i < 1000; ++i) executor.Run([&] { left.DecrementCount(); });
  left.Wait();
}

TEST(ActorExecutorTest, GrowsWhileTasksBlock) {
  ActorExecutor executor({.min_threads = 1, .max_threads = 32});
  absl::BlockingCounter begun(32);
  absl::Notification go;
  for (int i = 0; i < 32; ++i) {
    executor.Run([&] {
      begun.DecrementCount();
      go.WaitForNotification();
    });
  }
  begun.Wait();
  EXPECT_EQ(executor.threads(), 32);
  go.Notify();
}

TEST(ActorExecutorTest, NeverGrowsBeyondItsLimit) {
  absl::Notification go;
  std::atomic<int> running = 0;
  {
    ActorExecutor executor({.min_threads = 1, .max_threads = 3});
    absl::BlockingCounter begun(3);
    for (int i = 0; i < 20; ++i) {
      executor.Run([&, i] {
        EXPECT_LE(++running, 3);
        if (i < 3) begun.DecrementCount();
        go.WaitForNotification();
        --running;
      });
    }
    begun.Wait();
    EXPECT_EQ(executor.threads(), 3);
    go.Notify();
  }
  EXPECT_EQ(running, 0);
}

TEST(ActorExecutorTest, LongTasksHaveTheirOwnLimitAndAreRefusedBeyondIt) {
  ActorExecutor executor({.min_threads = 1, .max_threads = 1, .max_long_threads = 2});
  absl::Notification go;
  EXPECT_TRUE(executor.RunLong([&] { go.WaitForNotification(); }));
  EXPECT_TRUE(executor.RunLong([&] { go.WaitForNotification(); }));
  EXPECT_FALSE(executor.RunLong([] { FAIL() << "must not run"; }));

  absl::Notification short_ran;
  executor.Run([&] { short_ran.Notify(); });
  short_ran.WaitForNotification();
  go.Notify();
}

TEST(ActorExecutorTest, ThreadsThatAreNotNeededLeave) {
  ActorExecutor executor({.min_threads = 0, .max_threads = 4, .idle = absl::Milliseconds(5)});
  absl::Notification ran;
  executor.Run([&] { ran.Notify(); });
  ran.WaitForNotification();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (executor.threads() > 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(executor.threads(), 0);
}

TEST(ActorExecutorTest, DestructorRunsWhatIsQueued) {
  std::atomic<int> ran = 0;
  {
    ActorExecutor executor({.min_threads = 1, .max_threads = 1});
    for (int i = 0; i < 100; ++i) executor.Run([&] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

TEST(ActorExecutorTest, DestructorDoesNotWaitForAnAbandonedThread) {
  auto go = std::make_shared<absl::Notification>();
  auto ended = std::make_shared<absl::Notification>();
  {
    ActorExecutor executor;
    absl::Notification begun;
    executor.Run([&begun, go, ended] {
      begun.Notify();
      go->WaitForNotification();
      ended->Notify();
    });
    begun.WaitForNotification();
    executor.Abandon(1);
  }
  go->Notify();
  ended->WaitForNotification();
}

TEST(ActorExecutorTest, MayBeDestroyedByItsOwnThread) {
  absl::Notification destroyed;
  auto executor = std::make_shared<ActorExecutor>();
  ActorExecutor* raw = executor.get();
  absl::Notification go;
  raw->Run([&destroyed, &go, executor = std::move(executor)]() mutable {
    go.WaitForNotification();
    executor.reset();
    destroyed.Notify();
  });
  go.Notify();
  destroyed.WaitForNotification();
}

}  // namespace
}  // namespace paranet
