#include "core/runtime/python_schema.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "core/runtime/python_actor.h"

namespace paranet {
namespace {

// The descriptor on which the runtime answers (paranet/_bootstrap.py).
constexpr int kAnswer = 3;
constexpr size_t kMaxAnswer = size_t{4} << 20;

absl::Status Failed(absl::string_view what, int error) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(error)));
}

// Starts `command` with its stdout on our stderr and `answer` as its descriptor 3.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& command, int answer) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const absl::Cleanup destroy = [&actions] { posix_spawn_file_actions_destroy(&actions); };
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, answer, kAnswer);
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  if (error != 0) return Failed(absl::StrCat("cannot start ", command[0]), error);
  return pid;
}

// All that comes from `fd` until its other end is closed.
absl::StatusOr<std::string> ReadToEnd(int fd, absl::Time deadline) {
  std::string bytes;
  while (true) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("it does not come to an end");
    struct pollfd ready = {.fd = fd, .events = POLLIN, .revents = 0};
    const int count = poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (count < 0 && errno != EINTR) return Failed("poll", errno);
    if (count <= 0) continue;
    char buffer[16 << 10];
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got == 0) return bytes;
    if (got < 0 && errno != EINTR) return Failed("read", errno);
    if (got > 0) bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > kMaxAnswer) return absl::InvalidArgumentError("its descriptors have more than 4 MiB");
  }
}

}  // namespace

absl::StatusOr<std::string> DescribePythonModule(const std::string& runtime_dir, const std::string& folder,
                                                 const std::string& module, absl::Duration timeout) {
  PARANET_RETURN_IF_ERROR(CheckPythonRuntime(runtime_dir));
  std::error_code error;
  // Python would take a relative path from wherever the module goes.
  const std::string absolute = std::filesystem::absolute(folder, error).lexically_normal().string();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failed("pipe2", errno);
  const absl::Cleanup close_read = [&ends] { close(ends[0]); };
  std::vector<std::string> command = PythonCommand(runtime_dir);
  for (const std::string& argument : {std::string("describe"), absolute, module}) command.push_back(argument);
  // posix_spawn's dup2 of a descriptor to itself would leave it to be closed.
  if (ends[1] == kAnswer) {
    const int other = fcntl(ends[1], F_DUPFD_CLOEXEC, kAnswer + 1);
    close(ends[1]);
    if (other < 0) return Failed("fcntl", errno);
    ends[1] = other;
  }
  const absl::StatusOr<pid_t> pid = Spawn(command, ends[1]);
  close(ends[1]);
  PARANET_RETURN_IF_ERROR(pid.status());
  absl::StatusOr<std::string> answer = ReadToEnd(ends[0], absl::Now() + timeout);
  if (!answer.ok()) kill(*pid, SIGKILL);
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string what = absl::StrCat("module ", module);
  if (!answer.ok()) return Annotate(answer.status(), what);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return answer;
  if (answer->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " ended the process that was to describe it, with status ", status));
  }
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", *answer));
}

}  // namespace paranet
