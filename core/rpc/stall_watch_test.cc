#include "core/rpc/stall_watch.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class Work final : public Stallable {
 public:
  void OnStalled() override {
    ++times;
    if (!stalled.HasBeenNotified()) stalled.Notify();
  }
  absl::Notification stalled;
  std::atomic<int> times = 0;
};

TEST(StallWatchTest, TellsOfWorkThatDoesNotEnd) {
  StallWatch watch;
  const auto work = std::make_shared<Work>();
  const auto other = std::make_shared<Work>();
  const uint64_t id = watch.Begin(work);
  const uint64_t other_id = watch.Begin(other);
  work->stalled.WaitForNotification();
  other->stalled.WaitForNotification();
  watch.End(id);
  watch.End(other_id);
  EXPECT_EQ(work->times, 1);
  EXPECT_EQ(other->times, 1);
}

TEST(StallWatchTest, SaysNothingOfWorkThatEnds) {
  StallWatch watch(absl::Hours(1));
  const auto work = std::make_shared<Work>();
  watch.End(watch.Begin(work));
  EXPECT_EQ(work.use_count(), 1);
  EXPECT_EQ(work->times, 0);
}

TEST(StallWatchTest, WakesUpAgain) {
  // So short that it is asleep as soon as nothing is watched.
  StallWatch watch(absl::Nanoseconds(1));
  for (int i = 0; i < 100; ++i) {
    const auto work = std::make_shared<Work>();
    const uint64_t id = watch.Begin(work);
    work->stalled.WaitForNotification();
    watch.End(id);
  }
}

TEST(StallWatchTest, EndsWithWorkUnderWay) {
  const auto work = std::make_shared<Work>();
  { StallWatch(absl::Hours(1)).Begin(work); }
  EXPECT_EQ(work.use_count(), 1);
  EXPECT_EQ(work->times, 0);
}

TEST(StallWatchTest, ManyThreads) {
  StallWatch watch(absl::Microseconds(1));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&watch] {
      for (int i = 0; i < 1'000; ++i) {
        const auto work = std::make_shared<Work>();
        watch.End(watch.Begin(work));
        EXPECT_LE(work->times, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace paranet
