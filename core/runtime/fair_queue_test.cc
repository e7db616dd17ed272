#include "core/runtime/fair_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Queue = FairQueue<std::string>;
constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;

Queue MakeQueue(uint32_t limit, uint32_t per_caller = 0) {
  return Queue({.actor = "weather@1.0.0", .limit = limit, .per_caller = per_caller});
}

// How many calls of `caller` are let in before the first refusal.
int Fill(Queue& queue, const std::string& caller) {
  int count = 0;
  while (queue.Admit(caller).ok()) ++count;
  return count;
}

void Push(Queue& queue, const std::string& caller, const std::string& item) {
  ASSERT_OK_AND_ASSIGN(Queue::Caller* const admitted, queue.Admit(caller));
  queue.Push(admitted, item);
}

std::vector<std::string> PopAll(Queue& queue) {
  std::vector<std::string> items;
  while (std::optional<std::string> item = queue.Pop()) items.push_back(*item);
  return items;
}

TEST(FairQueueTest, OneCallerIsServedInOrder) {
  Queue queue = MakeQueue(10);
  for (const char* item : {"1", "2", "3"}) Push(queue, "a", item);
  EXPECT_EQ(queue.waiting(), 3u);
  EXPECT_THAT(PopAll(queue), ElementsAre("1", "2", "3"));
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_THAT(PopAll(queue), IsEmpty());
}

TEST(FairQueueTest, CallersTakeTurns) {
  Queue queue = MakeQueue(100);
  for (const char* item : {"a1", "a2", "a3", "a4"}) Push(queue, "a", item);
  for (const char* item : {"b1", "b2"}) Push(queue, "b", item);
  Push(queue, "c", "c1");
  EXPECT_THAT(PopAll(queue), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3", "a4"));
}

TEST(FairQueueTest, WhoComesBackJoinsAtTheEnd) {
  Queue queue = MakeQueue(100);
  for (const char* item : {"a1", "a2"}) Push(queue, "a", item);
  Push(queue, "b", "b1");
  EXPECT_EQ(queue.Pop(), "a1");
  EXPECT_EQ(queue.Pop(), "b1");
  Push(queue, "b", "b2");
  Push(queue, "a", "a3");
  EXPECT_THAT(PopAll(queue), ElementsAre("a2", "b2", "a3"));
}

TEST(FairQueueTest, TheLimitHoldsForAllTogether) {
  Queue queue = MakeQueue(2, 2);
  EXPECT_OK(queue.Admit("a").status());
  EXPECT_OK(queue.Admit("b").status());
  EXPECT_THAT(queue.Admit("c").status(),
              StatusIs(kExhausted, AllOf(HasSubstr("weather@1.0.0"), HasSubstr("2 calls waiting or running"))));
  EXPECT_EQ(queue.calls(), 2u);
}

TEST(FairQueueTest, OneCallerHasItsShareAndOthersTheRest) {
  Queue queue = MakeQueue(10, 3);
  EXPECT_EQ(Fill(queue, "a"), 3);
  EXPECT_THAT(queue.Admit("a").status(), StatusIs(kExhausted, AllOf(HasSubstr("caller a"), HasSubstr("3 calls"))));
  EXPECT_EQ(Fill(queue, "b"), 3);
}

TEST(FairQueueTest, ReleaseMakesRoomAgain) {
  Queue queue = MakeQueue(10, 1);
  ASSERT_OK_AND_ASSIGN(Queue::Caller* const caller, queue.Admit("a"));
  EXPECT_FALSE(queue.Admit("a").ok());
  queue.Release(caller);
  EXPECT_OK(queue.Admit("a").status());
}

TEST(FairQueueTest, WithoutAShareALoneCallerGetsNearlyAll) {
  Queue queue = MakeQueue(1'000);
  EXPECT_EQ(Fill(queue, "a"), 800);
}

TEST(FairQueueTest, WithoutAShareALoneCallerGetsAllOfASmallLimit) {
  for (uint32_t limit = 1; limit <= 4; ++limit) {
    Queue queue = MakeQueue(limit);
    EXPECT_EQ(Fill(queue, "a"), static_cast<int>(limit));
  }
}

TEST(FairQueueTest, WithoutAShareWhatEndsMakesRoomForThoseWhoHaveFew) {
  Queue queue = MakeQueue(1'024);
  ASSERT_OK_AND_ASSIGN(Queue::Caller* const greedy, queue.Admit("greedy 0"));
  for (int i = 0; i < 50; ++i) Fill(queue, "greedy " + std::to_string(i));
  EXPECT_FALSE(queue.Admit("modest").ok());
  queue.Release(greedy);
  EXPECT_THAT(queue.Admit("greedy 0").status(), StatusIs(kExhausted, HasSubstr("caller greedy 0")));
  EXPECT_OK(queue.Admit("modest").status());
}

TEST(FairQueueTest, CallersThatAreGoneAreForgotten) {
  Queue queue = MakeQueue(10);
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = "caller " + std::to_string(i);
    Push(queue, name, name);
    ASSERT_OK_AND_ASSIGN(Queue::Caller* const caller, queue.Admit(name));
    EXPECT_EQ(caller->name(), name);
    EXPECT_EQ(queue.Pop(), name);
    queue.Release(caller);
    queue.Release(caller);
  }
  EXPECT_EQ(queue.calls(), 0u);
}

TEST(FairQueueTest, ItemsMayBeMovableOnly) {
  FairQueue<std::unique_ptr<int>> queue({.actor = "weather@1.0.0"});
  ASSERT_OK_AND_ASSIGN(auto* const caller, queue.Admit("a"));
  queue.Push(caller, std::make_unique<int>(7));
  EXPECT_EQ(**queue.Pop(), 7);
}

}  // namespace
}  // namespace paranet
