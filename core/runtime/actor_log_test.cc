#include "core/runtime/actor_log.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class ActorLogTest : public testing::Test {
 protected:
  std::vector<std::string> Texts(size_t lines = 0) const {
    std::vector<std::string> texts;
    for (const ActorLog::Line& line : log_.Tail(lines)) texts.push_back(line.text);
    return texts;
  }

  ActorLog log_{"weather@1.0.0", MakeNullLogger()};
};

TEST_F(ActorLogTest, KeepsLinesWithLevelAndTime) {
  const absl::Time before = absl::Now();
  log_.Write(ActorLog::Level::kError, "oh dear");
  ASSERT_THAT(log_.Tail(0), SizeIs(1));
  const ActorLog::Line line = log_.Tail(0)[0];
  EXPECT_EQ(line.level, ActorLog::Level::kError);
  EXPECT_EQ(line.text, "oh dear");
  EXPECT_GE(line.at, before);
  EXPECT_LE(line.at, absl::Now());
}

TEST_F(ActorLogTest, SplitsLinesAndDropsTheLastLineEnd) {
  log_.Write(ActorLog::Level::kStdout, "one\ntwo\n");
  log_.Write(ActorLog::Level::kStdout, "three");
  EXPECT_THAT(Texts(), ElementsAre("one", "two", "three"));
}

TEST_F(ActorLogTest, TailIsTheNewest) {
  EXPECT_THAT(Texts(), IsEmpty());
  for (const char* line : {"1", "2", "3"}) log_.Write(ActorLog::Level::kInfo, line);
  EXPECT_THAT(Texts(2), ElementsAre("2", "3"));
  EXPECT_THAT(Texts(9), ElementsAre("1", "2", "3"));
}

TEST_F(ActorLogTest, ControlCharactersAndBrokenUtf8AreEscaped) {
  log_.Write(ActorLog::Level::kInfo, "a\x1b[31mred\r");
  log_.Write(ActorLog::Level::kInfo, "\xff\xfe");
  log_.Write(ActorLog::Level::kInfo, "tab\tand Zürich");
  ASSERT_THAT(Texts(), SizeIs(3));
  EXPECT_THAT(Texts()[0], Not(HasSubstr("\x1b")));
  EXPECT_THAT(Texts()[0], HasSubstr("[31mred"));
  EXPECT_EQ(Texts()[2], "tab\tand Zürich");
  for (const char c : Texts()[1]) EXPECT_TRUE(c >= ' ' && c < 0x7f) << int{c};
}

TEST_F(ActorLogTest, LongLinesAreCut) {
  log_.Write(ActorLog::Level::kInfo, std::string(100'000, 'x'));
  EXPECT_LT(Texts()[0].size(), 4'200u);
  EXPECT_THAT(Texts()[0], HasSubstr("xxx..."));
}

TEST_F(ActorLogTest, OldLinesGoFirstAndAreCounted) {
  for (size_t i = 0; i < ActorLog::kMaxLines + 5; ++i) log_.Write(ActorLog::Level::kInfo, std::to_string(i));
  EXPECT_THAT(Texts(), SizeIs(ActorLog::kMaxLines));
  EXPECT_EQ(Texts()[0], "5");
  EXPECT_EQ(log_.dropped(), 5u);
}

TEST_F(ActorLogTest, BytesAreBounded) {
  for (int i = 0; i < 500; ++i) log_.Write(ActorLog::Level::kInfo, std::string(4'000, 'x'));
  size_t bytes = 0;
  for (const std::string& text : Texts()) bytes += text.size();
  EXPECT_LE(bytes, ActorLog::kMaxBytes);
  EXPECT_GT(bytes, ActorLog::kMaxBytes / 2);
}

}  // namespace
}  // namespace paranet
