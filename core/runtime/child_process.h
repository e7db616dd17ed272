// A confined process: what an actor outside the node's own process runs in.
//
// The process is started through the embedded worker program (core/worker), which is small and has a single thread: it
// confines itself and then becomes the program that is asked for. So nothing of the node's memory, descriptors,
// environment or privileges comes along.
#ifndef PARANET_CORE_RUNTIME_CHILD_PROCESS_H_
#define PARANET_CORE_RUNTIME_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/runtime/actor_log.h"

namespace paranet {

struct Confinement {
  // The process may write here and nowhere else; its current directory, HOME and TMPDIR.
  std::string work_dir;
  // Folders and files that it may read and execute, beside what every program needs of the system (libraries,
  // /dev/null, time zones, certificates, the programs in /usr).
  std::vector<std::string> readable;
  // The network, or nothing but its own Unix sockets.
  bool network = false;
  // Whether it may make sockets of the Unix domain and listen on them, below work_dir and `socket_dir`.
  bool unix_sockets = false;
  // Whether it may start further programs.
  bool exec = false;
  // Where else it may make and remove files (the folder of its socket); empty: nowhere.
  std::string socket_dir;
  // Each 0: the node's default, which is there for all of them but address space and processor time.
  uint64_t address_space_bytes = 0;
  uint32_t cpu_seconds = 0;
  uint32_t open_files = 0;
  uint32_t processes = 0;
  uint32_t processors_milli = 0;
};

struct ChildProcessSpec {
  // For messages: `weather@1.0.0`.
  std::string name;
  // Program (an absolute path) and arguments. Empty: the worker program itself (core/worker), which then serves the
  // protocol of core/worker/frame.h on descriptor 3.
  std::vector<std::string> command;
  // The whole environment, but for HOME, TMPDIR, PATH and LANG, which it gets where they are not here.
  std::map<std::string, std::string> env;
  // Descriptors of this process, and their numbers in the other, from 3. Closed here when the process is started.
  std::vector<std::pair<int, int>> descriptors;
  Confinement confinement;
  // What it prints goes here, by lines (kStdout, kStderr).
  std::shared_ptr<ActorLog> log;
};

// Thread-safe. Destroying it kills the process and all that it has started, and waits for that.
class ChildProcess {
 public:
  // `ended` runs once, on a thread of this class, when the process has ended for whatever reason and all that it has
  // printed is in the log: with `exit code 3`, `killed by signal 9 (SIGKILL)`, `out of memory`... as the message.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(ChildProcessSpec spec,
                                                             absl::AnyInvocable<void(absl::Status)> ended);
  virtual ~ChildProcess() = default;

  virtual pid_t pid() const = 0;
  // What holds it in, for people: `seccomp`, `landlock 7`, `no network`, `address space 512 MiB`; and what could not be
  // done on this machine: `landlock is not available`.
  virtual const std::vector<std::string>& confinement() const = 0;
  // SIGTERM to the process.
  virtual void Terminate() = 0;
  // SIGKILL to the process and all that it has started.
  virtual void Kill() = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_CHILD_PROCESS_H_
