// Daemons: started apart from the terminal, watched until they have gone.
#ifndef PARANET_TOOLS_CLI_PROCESS_H_
#define PARANET_TOOLS_CLI_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace paranet::cli {

struct DaemonProcess {
  // Path of the program, then its arguments.
  std::vector<std::string> argv;
  // Gets its standard output and error, at the end; made (0600) if missing.
  std::string log_file;
  // Whether the kernel kills it when the thread that started it ends, however that happens.
  bool dies_with_parent = false;
};

// Starts it in a session of its own, without standard input, with nothing of this process open but a pipe as descriptor
// daemon::kReadinessFd, and waits until it has reported through that (tools/daemon/readiness.h). Its process id, or
// what it reported; where it died or was silent until `deadline` (then it is killed), the error has the log's last
// line.
absl::StatusOr<pid_t> StartDaemon(const DaemonProcess& process, absl::Time deadline);

// A process, by a reference that stays with it when its id is used again.
class ProcessRef {
 public:
  // NOT_FOUND if there is no such process.
  static absl::StatusOr<ProcessRef> Open(pid_t pid);
  ~ProcessRef();
  ProcessRef(ProcessRef&& other) noexcept;
  ProcessRef& operator=(ProcessRef&& other) noexcept;

  // True once it has ended and let go of its files and locks; false at `deadline`.
  bool WaitForEnd(absl::Time deadline) const;
  // Nothing happens if it has ended.
  void Signal(int signal) const;

 private:
  explicit ProcessRef(int fd) : fd_(fd) {}
  int fd_;
};

// Path of the program that this process runs.
absl::StatusOr<std::string> OwnExecutable();

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PROCESS_H_
