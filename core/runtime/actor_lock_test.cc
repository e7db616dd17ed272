#include "core/runtime/actor_lock.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(ActorLockTest, OnlyOneThreadIsInside) {
  ActorLock lock(true);
  int unguarded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        lock.Enter();
        ++unguarded;
        lock.Leave();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(unguarded, 4000);
}

TEST(ActorLockTest, SuspendedLetsAnotherThreadIn) {
  ActorLock lock(true);
  lock.Enter();
  std::thread other;
  {
    ActorLock::Suspended suspended(lock);
    other = std::thread([&] {
      lock.Enter();
      lock.Leave();
    });
    other.join();
  }
  lock.Leave();
}

TEST(ActorLockTest, SuspendingByAThreadThatDoesNotHoldItChangesNothing) {
  ActorLock lock(true);
  lock.Enter();
  std::atomic<bool> entered = false;
  std::thread intruder;
  std::thread([&] {
    ActorLock::Suspended suspended(lock);
    intruder = std::thread([&] {
      lock.Enter();
      entered = true;
      lock.Leave();
    });
  }).join();
  EXPECT_FALSE(entered);
  lock.Leave();
  intruder.join();
  EXPECT_TRUE(entered);
}

TEST(ActorLockTest, DisabledLockKeepsNobodyOut) {
  ActorLock lock(false);
  lock.Enter();
  std::thread([&] {
    lock.Enter();
    lock.Leave();
  }).join();
  lock.Leave();
}

}  // namespace
}  // namespace paranet
