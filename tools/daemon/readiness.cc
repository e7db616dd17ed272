#include "tools/daemon/readiness.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace paranet::daemon {

std::string EncodeReadiness(const absl::Status& status) {
  return absl::StrCat(status.raw_code(), " ", status.message());
}

absl::Status DecodeReadiness(absl::string_view message) {
  if (message.empty()) return absl::UnavailableError("the node ended before it was ready");
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(message, absl::MaxSplits(' ', 1));
  int code = 0;
  if (!absl::SimpleAtoi(parts.first, &code) || code < 0 || code > 16) {
    return absl::InternalError(absl::StrCat("the node said \"", message, "\" in place of being ready"));
  }
  return absl::Status(static_cast<absl::StatusCode>(code), parts.second);
}

void ReportReadiness(int fd, const absl::Status& status) {
  const std::string message = EncodeReadiness(status);
  for (size_t done = 0; done < message.size();) {
    const ssize_t written = write(fd, message.data() + done, message.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<size_t>(written);
  }
  close(fd);
}

}  // namespace paranet::daemon
