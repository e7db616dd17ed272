#include "tools/cli/line_source.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

class LineSourceTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(fds_), 0); }
  ~LineSourceTest() override {
    close(fds_[0]);
    if (fds_[1] >= 0) close(fds_[1]);
  }
  void Write(const std::string& text) { ASSERT_EQ(write(fds_[1], text.data(), text.size()), ssize_t(text.size())); }
  void End() {
    close(fds_[1]);
    fds_[1] = -1;
  }
  int fds_[2];
};

TEST_F(LineSourceTest, LinesAsTheyArrive) {
  LineSource lines(fds_[0]);
  Write("one\ntw");
  EXPECT_EQ(lines.Next(), "one");
  Write("o\n");
  EXPECT_EQ(lines.Next(), "two");
  End();
  EXPECT_EQ(lines.Next(), std::nullopt);
}

TEST_F(LineSourceTest, LastLineNeedsNoEnd) {
  LineSource lines(fds_[0]);
  Write("one");
  End();
  EXPECT_EQ(lines.Next(), "one");
  EXPECT_EQ(lines.Next(), std::nullopt);
  EXPECT_EQ(lines.Next(), std::nullopt);
}

TEST_F(LineSourceTest, BlankLinesAreSkipped) {
  LineSource lines(fds_[0]);
  Write("\n  \none\n\n");
  End();
  EXPECT_EQ(lines.Next(), "one");
  EXPECT_EQ(lines.Next(), std::nullopt);
}

TEST_F(LineSourceTest, InterruptEndsAWaitingRead) {
  LineSource lines(fds_[0]);
  std::thread other([&] { lines.Interrupt(); });
  EXPECT_EQ(lines.Next(), std::nullopt);
  other.join();
  EXPECT_EQ(lines.Next(), std::nullopt);
}

}  // namespace
}  // namespace paranet::cli
