#include "tools/cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "tools/daemon/readiness.h"

namespace paranet::cli {
namespace {

absl::Status SystemError(absl::string_view what) {
  return absl::InternalError(absl::StrCat("cannot ", what, ": ", std::strerror(errno)));
}

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

int Milliseconds(absl::Time deadline) {
  const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
  return static_cast<int>(std::clamp<int64_t>(left + 1, 0, INT_MAX));
}

// True when `fd` is readable or at its end; false at `deadline`.
bool WaitReadable(int fd, absl::Time deadline) {
  while (true) {
    pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
    const int result = poll(&poll_fd, 1, Milliseconds(deadline));
    if (result > 0) return true;
    if (result == 0 && absl::Now() >= deadline) return false;
    if (result < 0 && errno != EINTR) return false;
  }
}

// The child's side, between fork and exec: async-signal-safe calls only, because other threads may have held any lock.
[[noreturn]] void Exec(char* const* argv, int log_fd, int null_fd, int pipe_fd, bool dies_with_parent, pid_t parent) {
  if (dies_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before the kernel knew.
    if (getppid() != parent) _exit(127);
  }
  setsid();
  // Above all that is replaced below, so that none of the dup2 calls closes another's source.
  const int first_free = daemon::kReadinessFd + 1;
  const int log = fcntl(log_fd, F_DUPFD, first_free);
  const int null = fcntl(null_fd, F_DUPFD, first_free);
  const int pipe = fcntl(pipe_fd, F_DUPFD, first_free);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  dup2(pipe, daemon::kReadinessFd);
  close_range(first_free, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  _exit(127);
}

// What comes through `fd` until its end; nullopt-like failure is an error.
absl::StatusOr<std::string> ReadToEnd(int fd, absl::Time deadline) {
  std::string out;
  char buffer[4096];
  while (WaitReadable(fd, deadline)) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return out;
    out.append(buffer, static_cast<size_t>(got));
  }
  return absl::DeadlineExceededError("the node was not ready in time and has been ended");
}

std::string LastLine(const std::string& path) {
  std::ifstream file(path);
  std::string last = "(nothing)";
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace

absl::StatusOr<pid_t> StartDaemon(const DaemonProcess& process, absl::Time deadline) {
  const Fd log(open(process.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (log.get() < 0) return SystemError(absl::StrCat("open the log file ", process.log_file));
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null.get() < 0) return SystemError("open /dev/null");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("make a pipe");
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  std::vector<char*> argv;
  for (const std::string& argument : process.argv)
    argv.push_back(const_cast<char*>(
        argument.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): what execv declares and does not do
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return SystemError("start a process");
  if (pid == 0) Exec(argv.data(), log.get(), null.get(), writer.get(), process.dies_with_parent, parent);
  writer.Close();
  absl::StatusOr<std::string> message = ReadToEnd(reader.get(), deadline);
  absl::Status status = message.ok() ? daemon::DecodeReadiness(*message) : message.status();
  if (status.ok()) return pid;
  if (!message.ok() || message->empty()) {
    status = absl::Status(status.code(), absl::StrCat(status.message(), "; its log ", process.log_file,
                                                      " ends with: ", LastLine(process.log_file)));
  }
  if (!message.ok()) kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return status;
}

absl::StatusOr<ProcessRef> ProcessRef::Open(pid_t pid) {
  const long fd = syscall(SYS_pidfd_open, pid, 0U);  // NOLINT(google-runtime-int): what syscall returns
  if (fd >= 0) return ProcessRef(static_cast<int>(fd));
  if (errno == ESRCH) return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  return SystemError(absl::StrCat("watch process ", pid));
}

ProcessRef::~ProcessRef() {
  if (fd_ >= 0) close(fd_);
}

ProcessRef::ProcessRef(ProcessRef&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ProcessRef& ProcessRef::operator=(ProcessRef&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

bool ProcessRef::WaitForEnd(absl::Time deadline) const { return WaitReadable(fd_, deadline); }

void ProcessRef::Signal(int signal) const { syscall(SYS_pidfd_send_signal, fd_, signal, nullptr, 0U); }

absl::StatusOr<std::string> OwnExecutable() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return SystemError("read /proc/self/exe");
  return std::string(path, static_cast<size_t>(length));
}

}  // namespace paranet::cli
