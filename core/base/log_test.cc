#include "core/base/log.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::MatchesRegex;

TEST(StderrLogger, WritesTimeLevelNameAndText) {
  ::testing::internal::CaptureStderr();
  Logger logger = MakeStderrLogger("alpha");
  logger->info("link to {} is up", "beta");
  logger->flush();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z I \\[alpha\\] link to beta is up\n"));
}

TEST(StderrLogger, MarksTheLevel) {
  ::testing::internal::CaptureStderr();
  Logger logger = MakeStderrLogger("a");
  logger->warn("w");
  logger->error("e");
  logger->debug("not shown");
  logger->flush();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), MatchesRegex(".* W \\[a\\] w\n.* E \\[a\\] e\n"));
}

TEST(NullLogger, WritesNothing) {
  ::testing::internal::CaptureStderr();
  Logger logger = MakeNullLogger();
  ASSERT_NE(logger, nullptr);
  logger->error("nobody hears this");
  logger->flush();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace paranet
