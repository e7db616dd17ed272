#include "tools/cli/exit_code.h"

#include "core/base/status.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

TEST(ExitCodeTest, Success) { EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk); }

TEST(ExitCodeTest, UsageIsToldFromAnInvalidRequest) {
  EXPECT_EQ(ExitCodeOf(UsageError("no such option")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("wrong JSON")), ExitCode::kFailed);
}

TEST(ExitCodeTest, UsageSurvivesAnnotation) {
  const absl::Status status = Annotate(UsageError("no such option"), "node start");
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  EXPECT_EQ(status.message(), "node start: no such option");
}

TEST(ExitCodeTest, NotFound) { EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), ExitCode::kNotFound); }

TEST(ExitCodeTest, TrustAndPolicy) {
  EXPECT_EQ(ExitCodeOf(absl::PermissionDeniedError("")), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), ExitCode::kRefused);
}

TEST(ExitCodeTest, UnavailableOrTimedOut) {
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), ExitCode::kUnavailable);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), ExitCode::kUnavailable);
}

TEST(ExitCodeTest, EverythingElseHasFailed) {
  for (const auto code : {absl::StatusCode::kCancelled, absl::StatusCode::kUnknown, absl::StatusCode::kAlreadyExists,
                          absl::StatusCode::kResourceExhausted, absl::StatusCode::kFailedPrecondition,
                          absl::StatusCode::kAborted, absl::StatusCode::kOutOfRange, absl::StatusCode::kUnimplemented,
                          absl::StatusCode::kInternal, absl::StatusCode::kDataLoss}) {
    EXPECT_EQ(ExitCodeOf(absl::Status(code, "")), ExitCode::kFailed) << absl::StatusCodeToString(code);
  }
}

TEST(ExitCodeTest, PrintedErrorKeepsItsExitCode) {
  const absl::Status status = AlreadyPrinted(absl::UnavailableError("gone"));
  EXPECT_TRUE(IsAlreadyPrinted(status));
  EXPECT_FALSE(IsAlreadyPrinted(absl::UnavailableError("gone")));
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUnavailable);
}

TEST(ExitCodeTest, NumbersAreDocumented) {
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kNotFound), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::kRefused), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::kUnavailable), 5);
}

}  // namespace
}  // namespace paranet::cli
