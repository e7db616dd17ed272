#include "federation/call_tally.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(CallTally, IsIdleAtOnceWithoutCalls) {
  CallTally tally;
  tally.Begin();
  tally.End();
  int idle = 0;
  tally.OnIdle([&] { ++idle; });
  EXPECT_EQ(idle, 1);
}

TEST(CallTally, WaitsForTheLastCall) {
  CallTally tally;
  tally.Begin();
  tally.Begin();
  int idle = 0;
  tally.OnIdle([&] { ++idle; });
  EXPECT_EQ(idle, 0);
  tally.End();
  EXPECT_EQ(idle, 0);
  tally.End();
  EXPECT_EQ(idle, 1);
}

TEST(CallTally, IsIdleOnceWhoeverEndsLast) {
  for (int round = 0; round < 200; ++round) {
    CallTally tally;
    constexpr int kThreads = 4;
    std::atomic<int> idle = 0;
    for (int i = 0; i < kThreads; ++i) tally.Begin();
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([&] { tally.End(); });
    tally.OnIdle([&] { ++idle; });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(idle, 1);
  }
}

}  // namespace
}  // namespace paranet
