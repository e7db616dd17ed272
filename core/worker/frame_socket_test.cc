#include "core/worker/frame_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "core/base/status_testutil.h"
#include "core/worker/frame.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class FrameSocketTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_), 0); }
  void TearDown() override {
    for (const int fd : fds_) ::close(fd);
  }

  // Numbers of the pings that come, until there are `count`.
  std::vector<int64_t> Receive(size_t count) {
    std::vector<int64_t> numbers;
    while (numbers.size() < count) {
      const auto [room, size] = parser_.Room();
      const ssize_t got = ::recv(fds_[1], room, size, 0);
      if (got <= 0) break;
      parser_.Commit(static_cast<size_t>(got));
      Frame frame;
      while (true) {
        const absl::StatusOr<bool> next = parser_.Next(&frame);
        EXPECT_OK(next.status());
        if (!next.ok() || !*next) break;
        numbers.push_back(frame.number != 0 ? frame.number : static_cast<int64_t>(frame.payload.size()));
      }
    }
    return numbers;
  }

  int fds_[2] = {-1, -1};
  FrameParser parser_{FrameSender::kNode};
};

TEST_F(FrameSocketTest, WhatIsQueuedGoesTogether) {
  FrameSocket socket(fds_[0]);
  for (int i = 1; i <= 3; ++i) socket.Queue({.type = FrameType::kPing, .number = i});
  EXPECT_EQ(socket.pending(), 3 * kFrameHeaderBytes);
  EXPECT_EQ(socket.Flush(), FrameSocket::Sent::kAll);
  EXPECT_EQ(socket.pending(), 0U);
  char bytes[1'000];
  EXPECT_EQ(::recv(fds_[1], bytes, sizeof(bytes), 0), static_cast<ssize_t>(3 * kFrameHeaderBytes));
}

TEST_F(FrameSocketTest, PiecesAreOnePayload) {
  FrameSocket socket(fds_[0]);
  const absl::string_view pieces[] = {"ab", "", "cde"};
  socket.Queue({.type = FrameType::kMessage, .call = 1}, pieces);
  socket.Flush();
  EXPECT_EQ(Receive(1), std::vector<int64_t>({5}));
}

TEST_F(FrameSocketTest, SaysThatItIsBlockedAndGoesOnWhereItWas) {
  FrameSocket socket(fds_[0]);
  const std::string payload(1'000'000, 'x');
  for (int i = 0; i < 10; ++i) socket.Queue({.type = FrameType::kMessage, .call = 1, .payload = payload});
  EXPECT_EQ(socket.Flush(), FrameSocket::Sent::kBlocked);
  EXPECT_GT(socket.pending(), 0U);
  std::thread sender([&socket] { EXPECT_TRUE(socket.FlushAll()); });
  EXPECT_EQ(Receive(10), std::vector<int64_t>(10, 1'000'000));
  sender.join();
  EXPECT_EQ(socket.pending(), 0U);
}

TEST_F(FrameSocketTest, ManyThreadsLoseAndMixNothing) {
  FrameSocket socket(fds_[0]);
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&socket, t] {
      for (int i = 0; i < kEach; ++i) {
        socket.Queue({.type = FrameType::kPing, .number = 1 + (t * kEach) + i});
        EXPECT_TRUE(socket.FlushAll());
      }
    });
  }
  const std::vector<int64_t> numbers = Receive(size_t{kThreads} * kEach);
  for (std::thread& thread : threads) thread.join();
  std::vector<int64_t> next(kThreads);
  for (int t = 0; t < kThreads; ++t) next[static_cast<size_t>(t)] = 1 + (t * kEach);
  // In order for each thread.
  for (const int64_t number : numbers) EXPECT_EQ(number, next[static_cast<size_t>((number - 1) / kEach)]++);
}

TEST_F(FrameSocketTest, SaysThatTheOtherSideIsGone) {
  FrameSocket socket(fds_[0]);
  ::shutdown(fds_[1], SHUT_RDWR);
  EXPECT_EQ(socket.Send({.type = FrameType::kStop}), FrameSocket::Sent::kBroken);
  EXPECT_FALSE(socket.FlushAll());
  socket.Queue({.type = FrameType::kStop});
  EXPECT_EQ(socket.pending(), 0U);
}

}  // namespace
}  // namespace paranet
