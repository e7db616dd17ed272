// Status with context: how errors travel and gain meaning on their way up.
//
// An error is born as an absl::Status that says what is wrong, where, and what to do about it. Each level that knows
// more than the one below adds what it knows with Annotate(). No exceptions cross our interfaces.
#ifndef PARANET_CORE_BASE_STATUS_H_
#define PARANET_CORE_BASE_STATUS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

// `status` with `context` and ": " before its message; code and payloads stay. An OK status is returned as it is.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace paranet

// Returns from the enclosing function if `expr`, an absl::Status, is not OK.
#define PARANET_RETURN_IF_ERROR(expr)                                                        \
  do {                                                                                       \
    if (::absl::Status paranet_status = (expr); !paranet_status.ok()) return paranet_status; \
  } while (false)

#define PARANET_STATUS_CONCAT_INNER(a, b) a##b
#define PARANET_STATUS_CONCAT(a, b) PARANET_STATUS_CONCAT_INNER(a, b)

// `PARANET_ASSIGN_OR_RETURN(auto x, F());`: returns the error of the absl::StatusOr that F() yields, or assigns its
// value.
#define PARANET_ASSIGN_OR_RETURN(lhs, expr) \
  PARANET_ASSIGN_OR_RETURN_INNER(PARANET_STATUS_CONCAT(paranet_status_or_, __LINE__), lhs, expr)
#define PARANET_ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                                   \
  if (!tmp.ok()) return tmp.status();                  \
  lhs = *std::move(tmp)

#endif  // PARANET_CORE_BASE_STATUS_H_
