#include "tools/daemon/readiness.h"

#include <unistd.h>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::daemon {
namespace {

TEST(ReadinessTest, RoundTrip) {
  EXPECT_OK(DecodeReadiness(EncodeReadiness(absl::OkStatus())));
  EXPECT_EQ(DecodeReadiness(EncodeReadiness(absl::PermissionDeniedError("the certificate has expired"))),
            absl::PermissionDeniedError("the certificate has expired"));
}

TEST(ReadinessTest, SilenceIsDeath) { EXPECT_THAT(DecodeReadiness(""), StatusIs(absl::StatusCode::kUnavailable)); }

TEST(ReadinessTest, SomethingElseIsInternal) {
  for (const char* message : {"terminate called", "17 x", "-1 x", "x"}) {
    EXPECT_THAT(DecodeReadiness(message), StatusIs(absl::StatusCode::kInternal)) << message;
  }
}

TEST(ReadinessTest, ReportWritesAndCloses) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  ReportReadiness(fds[1], absl::NotFoundError("x"));
  char buffer[64];
  ASSERT_EQ(read(fds[0], buffer, sizeof(buffer)), 3);
  EXPECT_EQ(absl::string_view(buffer, 3), "5 x");
  EXPECT_EQ(read(fds[0], buffer, sizeof(buffer)), 0);
  close(fds[0]);
}

}  // namespace
}  // namespace paranet::daemon
