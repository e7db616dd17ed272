#include "core/worker/window.h"

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(WindowTest, SenderAndReceiverAgree) {
  SendWindow send;
  ReceiveWindow receive;
  for (int round = 0; round < 1'000; ++round) {
    int sent = 0;
    for (; send.open(); ++sent) {
      send.Sent(100);
      EXPECT_TRUE(receive.Received(100));
    }
    EXPECT_GT(sent, 0) << "all was used, so there must be room";
    for (; sent > 0; --sent) {
      uint16_t messages = 0;
      int64_t bytes = 0;
      if (receive.Used(100, &messages, &bytes)) {
        EXPECT_TRUE(send.Credit(messages, bytes));
      }
    }
  }
}

TEST(WindowTest, OneMessageOfAnySizeFits) {
  SendWindow send;
  ReceiveWindow receive;
  EXPECT_TRUE(send.open());
  send.Sent(10 << 20);
  EXPECT_FALSE(send.open());
  EXPECT_TRUE(receive.Received(10 << 20));
  EXPECT_FALSE(receive.Received(1)) << "the sender had no right to";
  uint16_t messages = 0;
  int64_t bytes = 0;
  EXPECT_TRUE(receive.Used(10 << 20, &messages, &bytes));
  EXPECT_TRUE(send.Credit(messages, bytes));
  EXPECT_TRUE(send.open());
  EXPECT_TRUE(receive.Received(1));
}

TEST(WindowTest, RefusesMoreThanWasSent) {
  SendWindow send;
  send.Sent(5);
  EXPECT_FALSE(send.Credit(2, 5));
  EXPECT_FALSE(send.Credit(1, 6));
  EXPECT_FALSE(send.Credit(1, -1));
  EXPECT_TRUE(send.Credit(1, 5));
}

TEST(WindowTest, RefusesTheSeventeenth) {
  ReceiveWindow receive;
  for (int i = 0; i < kWindowMessages; ++i) EXPECT_TRUE(receive.Received(0));
  EXPECT_FALSE(receive.Received(0));
}

}  // namespace
}  // namespace paranet
