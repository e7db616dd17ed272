#include "core/base/status.h"

#include "absl/strings/cord.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

absl::Status Fail() { return absl::NotFoundError("no such file"); }

absl::StatusOr<int> Seven() { return 7; }

absl::Status ReturnsEarly(bool* reached) {
  PARANET_RETURN_IF_ERROR(Fail());
  *reached = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Doubles() {
  PARANET_ASSIGN_OR_RETURN(int value, Seven());
  return 2 * value;
}

absl::StatusOr<int> PassesErrorsOn() {
  PARANET_ASSIGN_OR_RETURN(int value, absl::StatusOr<int>(Fail()));
  return value;
}

TEST(Annotate, PutsContextBeforeTheMessageAndKeepsCodeAndPayload) {
  absl::Status status = Fail();
  status.SetPayload("url", absl::Cord("payload"));
  absl::Status annotated = Annotate(status, "reading the key");
  EXPECT_THAT(annotated, StatusIs(absl::StatusCode::kNotFound, "reading the key: no such file"));
  EXPECT_EQ(annotated.GetPayload("url"), absl::Cord("payload"));
}

TEST(Annotate, LeavesOkAlone) { EXPECT_THAT(Annotate(absl::OkStatus(), "context"), IsOk()); }

TEST(Macros, ReturnTheFirstError) {
  bool reached = false;
  EXPECT_THAT(ReturnsEarly(&reached), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(reached);
  EXPECT_THAT(PassesErrorsOn(), StatusIs(absl::StatusCode::kNotFound));
}

TEST(Macros, AssignTheValue) { EXPECT_THAT(Doubles(), IsOkAndHolds(14)); }

}  // namespace
}  // namespace paranet
