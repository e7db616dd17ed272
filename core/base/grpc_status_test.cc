#include "core/base/grpc_status.h"

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(GrpcStatus, EveryCodeSurvivesTheRoundTrip) {
  for (int code = 0; code <= 16; ++code) {
    absl::Status status(static_cast<absl::StatusCode>(code), code == 0 ? "" : "why");
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status);
    EXPECT_EQ(ToGrpcStatus(status).error_code(), code);
  }
}

TEST(GrpcStatus, AForeignCodeIsUnknown) {
  grpc::Status foreign(static_cast<grpc::StatusCode>(99), "odd");
  EXPECT_THAT(FromGrpcStatus(foreign), StatusIs(absl::StatusCode::kUnknown, "odd"));
}

}  // namespace
}  // namespace paranet
