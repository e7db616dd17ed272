#include "core/base/take_payload.h"

#include <string>

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(TakePayloadTest, TakesTheContentAndLeavesNothing) {
  Payload payload = MakePayload(std::string(1'000, 'x'));
  const Payload taken = TakePayload(payload);
  EXPECT_EQ(PayloadToString(taken), std::string(1'000, 'x'));
  EXPECT_FALSE(payload.Valid());
}

TEST(TakePayloadTest, OfAnEmptyOneThereIsNothing) {
  Payload payload;
  EXPECT_FALSE(TakePayload(payload).Valid());
}

}  // namespace
}  // namespace paranet
