#include "core/rpc/unix_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paranet {
namespace {

// Connections that may wait to be accepted.
constexpr int kBacklog = 128;

// How many seccomp filters a process has; nullopt if there is no such process. 0 where the kernel does not say.
std::optional<int> FiltersOf(absl::string_view process) {
  std::FILE* file = std::fopen(absl::StrCat("/proc/", process, "/status").c_str(), "re");
  if (file == nullptr) return std::nullopt;
  int filters = 0;
  char line[256];
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::sscanf(line, "Seccomp_filters: %d", &filters) == 1) break;
  }
  std::fclose(file);
  return filters;
}

class UnixListenerImpl final : public UnixListener {
 public:
  UnixListenerImpl(std::string path, int listener, int wake, std::function<void(int)> accept, Logger logger)
      : path_(std::move(path)),
        listener_(listener),
        wake_(wake),
        accept_(std::move(accept)),
        logger_(std::move(logger)),
        thread_([this] { Run(); }) {}

  ~UnixListenerImpl() override {
    const uint64_t one = 1;
    if (::write(wake_, &one, sizeof(one)) < 0) logger_->error("{}: cannot wake the listener", path_);
    thread_.join();
    ::close(listener_);
    ::close(wake_);
    ::unlink(path_.c_str());
  }

 private:
  void Run() {
    pollfd polled[2] = {{.fd = listener_, .events = POLLIN, .revents = 0},
                        {.fd = wake_, .events = POLLIN, .revents = 0}};
    for (;;) {
      if (::poll(polled, 2, -1) < 0 && errno != EINTR) return;
      if (polled[1].revents != 0) return;
      if (polled[0].revents == 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) {
        // Out of descriptors: the connection stays in the backlog, and asking again at once would spin.
        if (errno == EMFILE || errno == ENFILE) ::poll(&polled[1], 1, 100);
        continue;
      }
      if (Admit(fd)) {
        accept_(fd);
      } else {
        ::close(fd);
      }
    }
  }

  bool Admit(int fd) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
      logger_->warn("{}: refused a connection: its user is unknown", path_);
      return false;
    }
    if (credentials.uid == ::geteuid() || credentials.uid == 0) return AdmitProcess(credentials.pid);
    logger_->warn("{}: refused a connection of user {} (process {}): the node is run by user {}", path_,
                  credentials.uid, credentials.pid, ::geteuid());
    return false;
  }

  // Actors run as the node's user.
  bool AdmitProcess(pid_t pid) {
    // Who is outside of our namespace has no number in it; actors are inside.
    if (pid == 0) return true;
    // Without /proc nothing can be told apart, this process included.
    const std::optional<int> own = FiltersOf("self");
    if (!own.has_value()) return true;
    const std::optional<int> theirs = FiltersOf(absl::StrCat(pid));
    if (!theirs.has_value()) {
      logger_->warn("{}: refused a connection of process {}, which has gone", path_, pid);
      return false;
    }
    if (*theirs <= *own) return true;
    logger_->warn("{}: refused a connection of process {}: it is confined, as actors are", path_, pid);
    return false;
  }

  const std::string path_;
  const int listener_;
  const int wake_;
  const std::function<void(int)> accept_;
  const Logger logger_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Start(const std::string& path,
                                                                  std::function<void(int fd)> accept, Logger logger) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the path of the control socket has ", path.size(),
                                                   " bytes, a Unix socket's may have ", sizeof(address.sun_path) - 1,
                                                   ": choose a shorter data directory than that of ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  // The data directory is locked: a socket that is there belongs to a process that is not.
  ::unlink(path.c_str());
  if (listener < 0 || wake < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(listener, kBacklog) != 0) {
    const int error = errno;
    if (listener >= 0) ::close(listener);
    if (wake >= 0) ::close(wake);
    return absl::ErrnoToStatus(error, absl::StrCat("cannot listen on ", path));
  }
  return std::make_unique<UnixListenerImpl>(path, listener, wake, std::move(accept), std::move(logger));
}

}  // namespace paranet
