// GoogleTest matchers for absl::Status and absl::StatusOr (Abseil 20220623 has none).
#ifndef PARANET_CORE_BASE_STATUS_TESTUTIL_H_
#define PARANET_CORE_BASE_STATUS_TESTUTIL_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(StatusIs, code, "") {
  *result_listener << StatusOf(arg).ToString();
  return testing::ExplainMatchResult(testing::Matcher<absl::StatusCode>(code), StatusOf(arg).code(), result_listener);
}

// `code` is an absl::StatusCode or a matcher of one, `message` a string or a matcher of one.
MATCHER_P2(StatusIs, code, message, "") {
  *result_listener << StatusOf(arg).ToString();
  return testing::ExplainMatchResult(testing::Matcher<absl::StatusCode>(code), StatusOf(arg).code(), result_listener) &&
         testing::ExplainMatchResult(testing::Matcher<std::string>(message), std::string(StatusOf(arg).message()),
                                     result_listener);
}

MATCHER_P(IsOkAndHolds, value, "") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return testing::ExplainMatchResult(value, *arg, result_listener);
}

}  // namespace paranet

#define ASSERT_OK(expr) ASSERT_THAT(expr, ::paranet::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT(expr, ::paranet::IsOk())

// ASSERT_OK_AND_ASSIGN(auto x, F()): fails the test if F() is an error.
#define ASSERT_OK_AND_ASSIGN(lhs, expr) ASSERT_OK_AND_ASSIGN_INNER(GTEST_CONCAT_TOKEN_(status_or_, __LINE__), lhs, expr)
#define ASSERT_OK_AND_ASSIGN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                               \
  ASSERT_TRUE(tmp.ok()) << tmp.status();           \
  lhs = *std::move(tmp)

#endif  // PARANET_CORE_BASE_STATUS_TESTUTIL_H_
