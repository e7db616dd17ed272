#include "core/runtime/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/worker/embedded.h"
#include "core/worker/frame.h"
#include "core/worker/launch_spec.h"

namespace paranet {
namespace {

constexpr size_t kMaxLine = 4'096;
constexpr size_t kMaxDescriptors = 32;
// Sources are moved out of the way of their numbers in the child.
constexpr int kOutOfTheWay = 64;
constexpr size_t kStackBytes = size_t{64} << 10;
// From a process to its report: only the machine itself can make it slow.
constexpr absl::Duration kStartPatience = absl::Seconds(30);

// A file in memory with these bytes.
absl::StatusOr<UniqueFd> MemoryFile(const char* name, absl::string_view bytes) {
  constexpr unsigned kMfdExec = 0x10;  // MFD_EXEC of Linux 6.3; older kernels refuse it and need none.
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | kMfdExec));
  if (!fd.valid()) fd = UniqueFd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make a file in memory");
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return absl::ErrnoToStatus(errno, "cannot write a file in memory");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return fd;
}

// What the new process needs between its beginning and the program: made before, because it shares our memory until
// then and other threads of ours may hold any lock.
struct Exec {
  // Descriptors, by their numbers in the new process.
  std::vector<int> descriptors;
  int program = -1;
  char** arguments = nullptr;
  char** environment = nullptr;
  bool own_users = false;
  std::string uid_map;
  std::string gid_map;
  // Out: why it did not get to the program.
  int error = 0;
};

bool WriteTo(const char* path, const char* text, size_t size) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, text, size) == static_cast<ssize_t>(size);
  ::close(fd);
  return written;
}

// In the new process. System calls alone; all signals are blocked.
int EnterProgram(void* argument) {
  auto* exec = static_cast<Exec*>(argument);
  // With the thread of ours that has started it: no actor outlives its node.
  bool done = ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
  if (done && exec->own_users) {
    static_cast<void>(WriteTo("/proc/self/setgroups", "deny", 4));
    done = WriteTo("/proc/self/uid_map", exec->uid_map.data(), exec->uid_map.size()) &&
           WriteTo("/proc/self/gid_map", exec->gid_map.data(), exec->gid_map.size());
  }
  ::setsid();
  for (size_t i = 0; done && i < exec->descriptors.size(); ++i) {
    done = ::dup2(exec->descriptors[i], static_cast<int>(i)) >= 0;
  }
  // Whatever else there is has the flag already, or should.
  constexpr unsigned kCloseOnExec = 4;
  ::syscall(SYS_close_range, exec->descriptors.size(), ~0U, kCloseOnExec);
  if (done) ::syscall(SYS_execveat, exec->program, "", exec->arguments, exec->environment, AT_EMPTY_PATH);
  exec->error = errno != 0 ? errno : EIO;
  ::_exit(127);
}

std::string Describe(int status, const ChildProcessSpec& spec) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU) {
      return absl::StrCat("it has used up its processor time of ", spec.confinement.cpu_seconds, " s");
    }
    const char* name = sigabbrev_np(signal);
    return absl::StrCat("killed by signal ", signal, name == nullptr ? "" : absl::StrCat(" (SIG", name, ")"));
  }
  const int code = WEXITSTATUS(status);
  if (code == kOutOfMemoryExitCode) {
    return absl::StrCat("out of memory", spec.confinement.address_space_bytes == 0
                                             ? ""
                                             : absl::StrCat(": its address space is limited to ",
                                                            spec.confinement.address_space_bytes >> 20, " MiB"));
  }
  return absl::StrCat("exit code ", code);
}

class ChildProcessImpl final : public ChildProcess {
 public:
  ChildProcessImpl(ChildProcessSpec spec, absl::AnyInvocable<void(absl::Status)> ended)
      : spec_(std::move(spec)), ended_(std::move(ended)) {}

  ~ChildProcessImpl() override {
    Kill();
    if (thread_.joinable()) {
      if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach();
      } else {
        thread_.join();
      }
    }
  }

  // Once.
  absl::Status Start() {
    thread_ = std::thread([this] { Run(); });
    started_.WaitForNotification();
    return start_status_;
  }

  pid_t pid() const override { return pid_; }
  const std::vector<std::string>& confinement() const override { return confinement_; }
  void Terminate() override { Signal(SIGTERM); }

  void Kill() override { Signal(SIGKILL); }

 private:
  void Signal(int signal) {
    absl::MutexLock lock(&mu_);
    if (!first_.valid()) return;
    // Without a namespace of its own the process's group is what can be reached of what it has started.
    if (signal == SIGKILL && !namespaced_ && pid_ > 0) ::kill(-pid_, SIGKILL);
    ::syscall(SYS_pidfd_send_signal, first_.get(), signal, nullptr, 0);
  }

  void Run();
  absl::Status Spawn();
  absl::Status SpawnWith(Exec& exec, int flags);
  // Reads what there is of the log, the report; false when the report is closed.
  void ReadLog(UniqueFd& fd, std::string& line, ActorLog::Level level);
  bool ReadReport();
  // Until the process has ended.
  void Follow();
  void CompleteStart(absl::Status status) {
    if (started_.HasBeenNotified()) return;
    start_status_ = std::move(status);
    started_.Notify();
  }

  ChildProcessSpec spec_;
  absl::AnyInvocable<void(absl::Status)> ended_;
  std::thread thread_;
  absl::Notification started_;
  // Set before started_ is notified.
  absl::Status start_status_;
  std::atomic<pid_t> pid_ = 0;
  std::vector<std::string> confinement_;
  bool namespaced_ = false;

  absl::Mutex mu_;
  // The first process, which may be another than the actor's.
  UniqueFd first_ ABSL_GUARDED_BY(mu_);

  // Of the thread.
  int first_fd_ = -1;
  UniqueFd out_;
  UniqueFd err_;
  UniqueFd report_;
  std::string out_line_;
  std::string err_line_;
  std::string failure_;
  bool has_status_ = false;
  int wait_status_ = 0;
};

absl::Status ChildProcessImpl::SpawnWith(Exec& exec, int flags) {
  void* stack = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return absl::ErrnoToStatus(errno, "no memory for a process");
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int pidfd = -1;
  exec.error = 0;
  exec.own_users = (flags & CLONE_NEWUSER) != 0;
  const pid_t pid = ::clone(&EnterProgram, static_cast<char*>(stack) + kStackBytes,
                            CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | flags, &exec, &pidfd);
  const int error = pid < 0 ? errno : exec.error;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::munmap(stack, kStackBytes);
  if (pid >= 0 && error != 0) {
    ::close(pidfd);
    ::waitpid(pid, nullptr, 0);
  }
  if (error != 0) return absl::ErrnoToStatus(error, "cannot start a process");
  pid_ = pid;
  namespaced_ = (flags & CLONE_NEWPID) != 0;
  first_fd_ = pidfd;
  absl::MutexLock lock(&mu_);
  first_ = UniqueFd(pidfd);
  return absl::OkStatus();
}

absl::Status ChildProcessImpl::Spawn() {
  std::vector<UniqueFd> given;
  given.reserve(spec_.descriptors.size());
  for (const auto& [from, to] : spec_.descriptors) given.emplace_back(from);
  const Confinement& confinement = spec_.confinement;
  LaunchSpec launch = {.command = spec_.command,
                       .work_dir = confinement.work_dir,
                       .readable = confinement.readable,
                       .socket_dir = confinement.socket_dir,
                       .network = confinement.network,
                       .unix_sockets = confinement.unix_sockets,
                       .exec = confinement.exec,
                       .address_space_bytes = confinement.address_space_bytes,
                       .cpu_seconds = confinement.cpu_seconds,
                       .open_files = confinement.open_files,
                       .processes = confinement.processes,
                       .processors_milli = confinement.processors_milli};
  absl::StatusOr<UniqueFd> program = MemoryFile("paranet-worker", WorkerProgram());
  if (!program.ok()) return program.status();

  int out[2];
  int err[2];
  int report[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  out_ = UniqueFd(out[0]);
  const UniqueFd out_end(out[1]);
  if (::pipe2(err, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  err_ = UniqueFd(err[0]);
  const UniqueFd err_end(err[1]);
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a pair of sockets");
  }
  report_ = UniqueFd(report[0]);
  const UniqueFd report_end(report[1]);
  const int one = 1;
  // The kernel says who reports, by a process id that is valid here.
  ::setsockopt(report_.get(), SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
  for (const UniqueFd* fd : {&out_, &err_, &report_}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));

  std::map<std::string, std::string> env = spec_.env;
  env.try_emplace("HOME", confinement.work_dir);
  env.try_emplace("TMPDIR", confinement.work_dir);
  env.try_emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
  env.try_emplace("LANG", "C.UTF-8");
  std::vector<std::string> environment;
  std::vector<char*> environment_pointers;
  for (const auto& [key, value] : env) environment.push_back(absl::StrCat(key, "=", value));
  for (std::string& entry : environment) environment_pointers.push_back(entry.data());
  environment_pointers.push_back(nullptr);

  // As root no user identities are needed for a namespace; and they would not make the kernel count root's processes.
  const bool root = ::geteuid() == 0;
  const std::array<int, 2> attempts = {root ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER, 0};
  absl::Status status;
  for (const int flags : attempts) {
    launch.own_users = (flags & CLONE_NEWUSER) != 0;
    absl::StatusOr<UniqueFd> launch_file = MemoryFile("paranet-launch", SerializeLaunchSpec(launch));
    if (!launch_file.ok()) return launch_file.status();
    std::vector<int> sources = {null.get(), out_end.get(), err_end.get()};
    for (size_t i = 0; i < given.size(); ++i) {
      const auto to = static_cast<size_t>(spec_.descriptors[i].second);
      if (to < 3 || to >= kMaxDescriptors) return absl::InvalidArgumentError("a descriptor's number must be 3 to 31");
      if (sources.size() <= to) sources.resize(to + 1, null.get());
      sources[to] = given[i].get();
    }
    const std::string launch_number = absl::StrCat(sources.size());
    sources.push_back(launch_file->get());
    const std::string report_number = absl::StrCat(sources.size());
    sources.push_back(report_end.get());

    Exec exec;
    std::vector<UniqueFd> moved;
    for (const int source : sources) {
      moved.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, kOutOfTheWay));
      if (!moved.back().valid()) return absl::ErrnoToStatus(errno, "no descriptors left");
      exec.descriptors.push_back(moved.back().get());
    }
    const UniqueFd program_moved(::fcntl(program->get(), F_DUPFD_CLOEXEC, kOutOfTheWay));
    std::string name = "paranet-worker";
    std::string first = launch_number;
    std::string second = report_number;
    std::array<char*, 4> arguments = {name.data(), first.data(), second.data(), nullptr};
    exec.program = program_moved.get();
    exec.arguments = arguments.data();
    exec.environment = environment_pointers.data();
    exec.uid_map = absl::StrCat(::geteuid(), " ", ::geteuid(), " 1\n");
    exec.gid_map = absl::StrCat(::getegid(), " ", ::getegid(), " 1\n");
    status = SpawnWith(exec, flags);
    if (status.ok()) return status;
  }
  return status;
}

void ChildProcessImpl::ReadLog(UniqueFd& fd, std::string& line, ActorLog::Level level) {
  char piece[4'096];
  while (fd.valid()) {
    const ssize_t got = ::read(fd.get(), piece, sizeof(piece));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      fd = UniqueFd();
      break;
    }
    for (absl::string_view rest(piece, static_cast<size_t>(got)); !rest.empty();) {
      const size_t end = rest.find('\n');
      line.append(rest.substr(0, end).data(), std::min(end, rest.size()));
      rest.remove_prefix(end == absl::string_view::npos ? rest.size() : end + 1);
      // What has no end of line for long is written as it comes.
      if (end == absl::string_view::npos && line.size() < kMaxLine) continue;
      if (spec_.log != nullptr) spec_.log->Write(level, line);
      line.clear();
    }
  }
  if (!line.empty() && spec_.log != nullptr) spec_.log->Write(level, line);
  line.clear();
}

bool ChildProcessImpl::ReadReport() {
  char packet[65'536];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  while (true) {
    iovec part = {.iov_base = packet, .iov_len = sizeof(packet)};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t got = ::recvmsg(report_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    const absl::string_view body(packet + 1, static_cast<size_t>(got) - 1);
    switch (static_cast<LaunchReport>(packet[0])) {
      case LaunchReport::kConfined: {
        if (started_.HasBeenNotified()) break;
        for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
          if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) continue;
          ucred credentials{};
          std::memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
          pid_ = credentials.pid;
        }
        const absl::StatusOr<FrameList> list = ParseFrameList(body);
        if (list.ok()) {
          for (const auto& [hold, unused] : *list) confinement_.emplace_back(hold);
        }
        CompleteStart(absl::OkStatus());
        break;
      }
      case LaunchReport::kFailed:
        failure_ = std::string(body);
        break;
      case LaunchReport::kEnded:
        if (body.size() != sizeof(wait_status_)) break;
        std::memcpy(&wait_status_, body.data(), sizeof(wait_status_));
        has_status_ = true;
        break;
    }
  }
}

void ChildProcessImpl::Follow() {
  const absl::Time patience = absl::Now() + kStartPatience;
  while (true) {
    std::array<pollfd, 4> polled = {pollfd{.fd = first_fd_, .events = POLLIN, .revents = 0},
                                    pollfd{.fd = out_.get(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = err_.get(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = report_.get(), .events = POLLIN, .revents = 0}};
    const int timeout = started_.HasBeenNotified() ? -1 : 1'000;
    if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) return;
    ReadLog(out_, out_line_, ActorLog::Level::kStdout);
    ReadLog(err_, err_line_, ActorLog::Level::kStderr);
    if (report_.valid() && !ReadReport()) report_ = UniqueFd();
    if (polled[0].revents != 0) return;
    if (!started_.HasBeenNotified() && absl::Now() > patience) {
      failure_ = "it was not confined in time";
      Kill();
    }
  }
}

void ChildProcessImpl::Run() {
  if (absl::Status status = Spawn(); !status.ok()) {
    CompleteStart(std::move(status));
    return;
  }
  Follow();
  siginfo_t info{};
  int status = 0;
  if (::waitid(P_PIDFD, static_cast<id_t>(first_fd_), &info, WEXITED) == 0) {
    status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;
  }
  // What it has printed at the end; what it has started may hold the pipes for longer.
  if (!namespaced_ && pid_ > 0) ::kill(-pid_, SIGKILL);
  ReadLog(out_, out_line_, ActorLog::Level::kStdout);
  ReadLog(err_, err_line_, ActorLog::Level::kStderr);
  if (report_.valid()) ReadReport();
  for (auto* line : {&out_line_, &err_line_}) {
    if (!line->empty() && spec_.log != nullptr) {
      spec_.log->Write(line == &out_line_ ? ActorLog::Level::kStdout : ActorLog::Level::kStderr, *line);
    }
  }
  {
    absl::MutexLock lock(&mu_);
    first_ = UniqueFd();
  }
  const std::string reason = !failure_.empty() ? failure_ : Describe(has_status_ ? wait_status_ : status, spec_);
  if (!started_.HasBeenNotified()) {
    CompleteStart(absl::InternalError(absl::StrCat("the process of ", spec_.name, " did not start: ", reason)));
    return;
  }
  std::move(ended_)(absl::UnavailableError(reason));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(ChildProcessSpec spec,
                                                                  absl::AnyInvocable<void(absl::Status)> ended) {
  auto process = std::make_unique<ChildProcessImpl>(std::move(spec), std::move(ended));
  if (absl::Status status = process->Start(); !status.ok()) return status;
  return process;
}

}  // namespace paranet
