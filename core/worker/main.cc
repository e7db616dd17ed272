// The worker program: what an actor outside the node's own process runs in. Started by core/runtime/child_process.cc
// with two descriptors as arguments: that of its LaunchSpec, and that on which it reports.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/actor/abi.h"
#include "core/worker/confine.h"
#include "core/worker/frame.h"
#include "core/worker/launch_spec.h"
#include "core/worker/module_file.h"
#include "core/worker/serve.h"

namespace paranet {
namespace {

constexpr size_t kMaxSpec = size_t{4} << 20;
constexpr int kFailedExitCode = 127;

void Report(int fd, LaunchReport kind, absl::string_view what) {
  std::string packet(1, static_cast<char>(kind));
  packet.append(what.substr(0, 60'000));
  // Nobody may be there to hear it.
  static_cast<void>(::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL));
}

[[noreturn]] void Fail(int report, const absl::Status& status) {
  Report(report, LaunchReport::kFailed, status.message());
  ::_exit(kFailedExitCode);
}

absl::StatusOr<LaunchSpec> ReadSpec(int fd) {
  std::string bytes;
  char piece[16'384];
  for (off_t at = 0; bytes.size() <= kMaxSpec;) {
    const ssize_t got = ::pread(fd, piece, sizeof(piece), at);
    if (got < 0) return absl::ErrnoToStatus(errno, "cannot read what to start");
    if (got == 0) break;
    bytes.append(piece, static_cast<size_t>(got));
    at += got;
  }
  return ParseLaunchSpec(bytes);
}

// A number of process ids for this namespace, where the kernel has that for each (Linux 6.14): what keeps the processes
// of root few, whom RLIMIT_NPROC does not count.
std::string LimitPids(const LaunchSpec& spec) {
  utsname system{};
  int major = 0;
  int minor = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2) return "";
  // Before that the number is that of the whole machine.
  if (major < 6 || (major == 6 && minor < 14)) return "";
  // The kernel keeps the first 300 for itself once all have been used.
  constexpr uint32_t kReserved = 300;
  const std::string most = absl::StrCat(kReserved + 8 + (spec.processes != 0 ? spec.processes : kDefaultProcesses));
  const int fd = ::open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return "";
  const ssize_t written = ::write(fd, most.data(), most.size());
  ::close(fd);
  return written < 0 ? "" : absl::StrCat(most, " processes and threads");
}

// Ends all that descends from this process: in a namespace of our own with one call, otherwise as long as there is
// somebody.
void KillDescendants() {
  if (::getpid() == 1) {
    ::kill(-1, SIGKILL);
    while (::wait(nullptr) > 0 || errno == EINTR) {
    }
    return;
  }
  const std::string list = absl::StrCat("/proc/self/task/", ::getpid(), "/children");
  while (true) {
    FILE* children = std::fopen(list.c_str(), "re");
    int child = 0;
    int killed = 0;
    while (children != nullptr && std::fscanf(children, "%d", &child) == 1) killed += ::kill(child, SIGKILL) == 0;
    if (children != nullptr) std::fclose(children);
    if (killed == 0) return;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
}

// The first process: looks after `actor` and reports its end. SIGTERM is passed on.
[[noreturn]] void LookAfter(pid_t actor, int report) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  ::prctl(PR_SET_NAME, "paranet-init", 0, 0, 0);
  while (true) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended != actor) continue;
      KillDescendants();
      Report(report, LaunchReport::kEnded, {reinterpret_cast<const char*>(&status), sizeof(status)});
      ::_exit(0);
    }
    int signal = 0;
    ::sigwait(&signals, &signal);
    if (signal == SIGTERM) ::kill(actor, SIGTERM);
  }
}

// Two pages at places that nobody can guess, with the program's path and its arguments: a filter lets through the
// execve that points to them.
absl::StatusOr<char*> Hide(size_t size) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    uint64_t place = 0;
    if (::getrandom(&place, sizeof(place), 0) != sizeof(place)) return absl::ErrnoToStatus(errno, "no random bytes");
    // Below the end of every process's half of the address space, page-aligned.
    place &= 0x00003ffffffff000;
    void* got = ::mmap(reinterpret_cast<void*>(place), size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED) return static_cast<char*>(got);
  }
  return absl::InternalError("no place in memory for the program's name");
}

void ReportConfined(const std::vector<std::string>& holds, const std::vector<std::string>& before, int report) {
  std::string list;
  for (const std::string& hold : holds) AppendToFrameList(hold, "", list);
  for (const std::string& hold : before) AppendToFrameList(hold, "", list);
  Report(report, LaunchReport::kConfined, list);
}

// `before` is what holds already.
[[noreturn]] void Execute(const LaunchSpec& spec, const std::vector<std::string>& before, int report) {
  absl::StatusOr<char*> path = Hide(spec.command[0].size() + 1);
  absl::StatusOr<char*> pointers = Hide((spec.command.size() + 1) * sizeof(char*));
  if (!path.ok()) Fail(report, path.status());
  if (!pointers.ok()) Fail(report, pointers.status());
  std::memcpy(*path, spec.command[0].c_str(), spec.command[0].size() + 1);
  char** arguments = reinterpret_cast<char**>(*pointers);
  std::vector<std::string> words = spec.command;
  for (size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  const absl::StatusOr<std::vector<std::string>> holds =
      Confine(spec, SyscallRules::OneExec{.path = reinterpret_cast<uint64_t>(*path),
                                          .arguments = reinterpret_cast<uint64_t>(arguments)});
  if (!holds.ok()) Fail(report, holds.status());
  ReportConfined(*holds, before, report);
  ::execve(*path, arguments, environ);
  Fail(report, absl::ErrnoToStatus(errno, absl::StrCat("cannot execute ", spec.command[0])));
}

[[noreturn]] void OutOfMemory() {
  constexpr char kWords[] = "out of memory\n";
  static_cast<void>(!::write(STDERR_FILENO, kWords, sizeof(kWords) - 1));
  ::_exit(kOutOfMemoryExitCode);
}

[[noreturn]] void ServeLibrary(const LaunchSpec& spec, const std::vector<std::string>& before, int report) {
  const char* library = std::getenv(kLibraryVariable);
  const std::string path = library == nullptr ? "" : library;
  ::unsetenv(kLibraryVariable);
  const absl::StatusOr<std::vector<std::string>> holds = Confine(spec, std::nullopt);
  if (!holds.ok()) Fail(report, holds.status());
  ReportConfined(*holds, before, report);
  ::close(report);
  std::set_new_handler(&OutOfMemory);
  const absl::StatusOr<const paranet_module*> module = LoadModule(path, path.substr(path.rfind('/') + 1));
  const int code =
      module.ok() ? Serve(kWorkerDescriptor, *module) : ServeFailure(kWorkerDescriptor, module.status().message());
  // Not by way of the library's static destructors, under threads that it may have.
  std::fflush(nullptr);
  ::_exit(code);
}

[[noreturn]] void Main(int spec_fd, int report) {
  const absl::StatusOr<LaunchSpec> spec = ReadSpec(spec_fd);
  ::close(spec_fd);
  if (!spec.ok()) Fail(report, spec.status());
  ::umask(0077);
  // The actor must not speak for the worker.
  ::fcntl(report, F_SETFD, FD_CLOEXEC);

  std::vector<std::string> before;
  const bool first = ::getpid() == 1;
  if (first) before.emplace_back("own process namespace");
  sigset_t signals;
  sigfillset(&signals);
  if (first || spec->exec) {
    if (first && ::geteuid() == 0 && !spec->own_users) {
      if (std::string limited = LimitPids(*spec); !limited.empty()) before.push_back(std::move(limited));
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    // What the node has blocked for the start stays so in the first process, which waits for signals.
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    const pid_t actor = ::fork();
    if (actor < 0) Fail(report, absl::ErrnoToStatus(errno, "cannot start a process"));
    if (actor > 0) {
      // All that is the actor's alone: its end must be seen.
      const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
      const int kept = ::fcntl(report, F_DUPFD_CLOEXEC, 3);
      for (int fd = 3; fd < 256; ++fd) {
        if (fd != kept) ::close(fd);
      }
      LookAfter(actor, kept);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::setpgid(0, 0);
  }
  ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  if (spec->command.empty()) ServeLibrary(*spec, before, report);
  Execute(*spec, before, report);
}

}  // namespace
}  // namespace paranet

int main(int argc, char** argv) {
  int spec = -1;
  int report = -1;
  if (argc != 3 || !absl::SimpleAtoi(argv[1], &spec) || !absl::SimpleAtoi(argv[2], &report)) {
    std::fputs("This program is started by a Paranet node.\n", stderr);
    return 2;
  }
  paranet::Main(spec, report);
}
