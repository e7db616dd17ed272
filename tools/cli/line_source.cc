#include "tools/cli/line_source.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"

namespace paranet::cli {

LineSource::LineSource(int fd) : fd_(fd), interrupt_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

LineSource::~LineSource() { close(interrupt_fd_); }

std::optional<std::string> LineSource::Next() {
  while (true) {
    const size_t end = buffer_.find('\n');
    if (end == std::string::npos && !ended_ && Fill()) continue;
    if (end == std::string::npos && buffer_.empty()) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end == std::string::npos ? end : end + 1);
    if (!absl::StripAsciiWhitespace(line).empty()) return line;
  }
}

bool LineSource::Fill() {
  while (true) {
    pollfd fds[] = {{.fd = fd_, .events = POLLIN, .revents = 0}, {.fd = interrupt_fd_, .events = POLLIN, .revents = 0}};
    if (poll(fds, 2, -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (fds[1].revents != 0) {
      buffer_.clear();
      break;
    }
    char bytes[16384];
    const ssize_t got = read(fd_, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }
  ended_ = true;
  return false;
}

void LineSource::Interrupt() {
  const uint64_t one = 1;
  // Fails only where it has been interrupted 2^64 times.
  [[maybe_unused]] const ssize_t written = write(interrupt_fd_, &one, sizeof(one));
}

}  // namespace paranet::cli
