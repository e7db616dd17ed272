#include "core/runtime/call_table.h"

#include <limits>
#include <memory>
#include <set>

#include "core/runtime/call_testutil.h"
#include "core/runtime/unary_call.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

std::shared_ptr<NativeCall> MakeCall() {
  return std::make_shared<UnaryCall>(
      MakeTestContext("current"), Payload(), [](UnaryResult) {}, std::make_shared<FakeOwner>());
}

TEST(CallTableTest, FindsWhatWasInserted) {
  CallTable table(2);
  const auto a = MakeCall();
  const auto b = MakeCall();
  const paranet_call handle_a = table.Insert(a);
  const paranet_call handle_b = table.Insert(b);
  EXPECT_NE(handle_a, 0u);
  EXPECT_EQ(table.Find(handle_a), a);
  EXPECT_EQ(table.Find(handle_b), b);
  EXPECT_EQ(table.All().size(), 2u);
}

TEST(CallTableTest, IsFullAtItsCapacityAndHasRoomAgainAfterErase) {
  CallTable table(1);
  const paranet_call first = table.Insert(MakeCall());
  EXPECT_EQ(table.Insert(MakeCall()), 0u);
  table.Erase(first);
  EXPECT_NE(table.Insert(MakeCall()), 0u);
}

TEST(CallTableTest, StaleNumberFindsNothingEvenWhenItsSlotIsUsedAgain) {
  CallTable table(1);
  const paranet_call stale = table.Insert(MakeCall());
  table.Erase(stale);
  EXPECT_EQ(table.Find(stale), nullptr);
  const auto next = MakeCall();
  const paranet_call fresh = table.Insert(next);
  EXPECT_NE(fresh, stale);
  EXPECT_EQ(table.Find(stale), nullptr);
  table.Erase(stale);
  EXPECT_EQ(table.Find(fresh), next);
}

TEST(CallTableTest, NumbersThatNeverWereFindNothing) {
  CallTable table(4);
  EXPECT_EQ(table.Find(0), nullptr);
  EXPECT_EQ(table.Find(3), nullptr);
  EXPECT_EQ(table.Find(uint64_t{1} << 32), nullptr);
  EXPECT_EQ(table.Find(std::numeric_limits<uint64_t>::max()), nullptr);
  table.Erase(std::numeric_limits<uint64_t>::max());
}

TEST(CallTableTest, EraseLetsGoOfTheCall) {
  CallTable table(1);
  auto call = MakeCall();
  const std::weak_ptr<NativeCall> weak = call;
  const paranet_call handle = table.Insert(std::move(call));
  table.Erase(handle);
  EXPECT_TRUE(weak.expired());
}

TEST(CallTableTest, NumbersAreNotRepeatedSoon) {
  CallTable table(3);
  std::set<paranet_call> seen;
  for (int i = 0; i < 1000; ++i) {
    const paranet_call handle = table.Insert(MakeCall());
    EXPECT_TRUE(seen.insert(handle).second);
    table.Erase(handle);
  }
}

}  // namespace
}  // namespace paranet
