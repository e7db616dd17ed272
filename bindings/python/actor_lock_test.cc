#include "bindings/python/actor_lock.h"

#include <thread>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace paranet::python {
namespace {

TEST(ActorLockTest, KeepsThreadsApart) {
  ActorLock lock;
  int count = 0;
  const auto work = [&] {
    for (int i = 0; i < 10'000; ++i) {
      const ActorLock::Holder holder(&lock);
      ++count;
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(count, 20'000);
}

TEST(ActorLockTest, KnowsWhoHasIt) {
  ActorLock lock;
  EXPECT_FALSE(lock.HeldByThisThread());
  const ActorLock::Holder holder(&lock);
  EXPECT_TRUE(lock.HeldByThisThread());
  std::thread([&] { EXPECT_FALSE(lock.HeldByThisThread()); }).join();
}

TEST(ActorLockTest, LetsOthersInMeanwhile) {
  ActorLock lock;
  const ActorLock::Holder holder(&lock);
  absl::Notification was_in;
  std::thread other([&] {
    const ActorLock::Holder inner(&lock);
    was_in.Notify();
  });
  {
    const ActorLock::LetGo let_go(&lock);
    was_in.WaitForNotification();
  }
  EXPECT_TRUE(lock.HeldByThisThread());
  other.join();
}

TEST(ActorLockTest, LettingGoOfWhatOneHasNotDoesNothing) {
  ActorLock lock;
  {
    const ActorLock::LetGo let_go(&lock);
    EXPECT_FALSE(lock.HeldByThisThread());
  }
  EXPECT_FALSE(lock.HeldByThisThread());
  const ActorLock::Holder none(nullptr);
  const ActorLock::LetGo nothing(nullptr);
}

}  // namespace
}  // namespace paranet::python
