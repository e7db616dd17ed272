// What the process says by its exit code, for scripts.
#ifndef PARANET_TOOLS_CLI_EXIT_CODE_H_
#define PARANET_TOOLS_CLI_EXIT_CODE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace paranet::cli {

enum class ExitCode {
  kOk = 0,
  kFailed = 1,
  // The command line itself is wrong.
  kUsage = 2,
  kNotFound = 3,
  // For trust or policy: PERMISSION_DENIED, UNAUTHENTICATED.
  kRefused = 4,
  // UNAVAILABLE, DEADLINE_EXCEEDED.
  kUnavailable = 5,
};

// An error of the command line: INVALID_ARGUMENT with a mark that ExitCodeOf() knows, because the same code from a node
// says that a request was wrong, not the way in which the program was used.
absl::Status UsageError(absl::string_view message);

// `status`, not OK, with a mark that says that its message is on the screen already: what counts is its exit code.
absl::Status AlreadyPrinted(absl::Status status);
bool IsAlreadyPrinted(const absl::Status& status);

ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_EXIT_CODE_H_
