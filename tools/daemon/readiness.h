// How a daemon tells the process that started it that it runs, or why it does not: one message through a pipe.
#ifndef PARANET_TOOLS_DAEMON_READINESS_H_
#define PARANET_TOOLS_DAEMON_READINESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace paranet::daemon {

// The descriptor that a daemon gets for it.
inline constexpr int kReadinessFd = 3;

// The message for `status`, OK or not: `CODE MESSAGE`.
std::string EncodeReadiness(const absl::Status& status);

// What EncodeReadiness was given. UNAVAILABLE if `message` is empty, which is what a process leaves behind that died
// before it could say anything; INTERNAL if it is no such message.
absl::Status DecodeReadiness(absl::string_view message);

// Writes the message to `fd` and closes it. A reader that has gone is no error.
void ReportReadiness(int fd, const absl::Status& status);

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_READINESS_H_
