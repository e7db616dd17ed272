#include "tools/cli/exit_code.h"

#include "absl/strings/cord.h"

namespace paranet::cli {
namespace {
constexpr char kUsageMark[] = "paranet.cli/usage";
constexpr char kPrintedMark[] = "paranet.cli/printed";
}  // namespace

absl::Status UsageError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsageMark, absl::Cord());
  return status;
}

absl::Status AlreadyPrinted(absl::Status status) {
  status.SetPayload(kPrintedMark, absl::Cord());
  return status;
}

bool IsAlreadyPrinted(const absl::Status& status) { return status.GetPayload(kPrintedMark).has_value(); }

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.GetPayload(kUsageMark).has_value()) return ExitCode::kUsage;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kRefused;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnavailable;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace paranet::cli
