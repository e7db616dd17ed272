// What a worker process is to become, as the node tells it.
#ifndef PARANET_CORE_WORKER_LAUNCH_SPEC_H_
#define PARANET_CORE_WORKER_LAUNCH_SPEC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

// Written by the node to a descriptor of the worker, before it starts. The meaning of the fields stands in
// core/runtime/child_process.h (Confinement).
struct LaunchSpec {
  // Program and arguments; empty: a library actor, named by the environment (kLibraryVariable), is served on
  // kWorkerDescriptor.
  std::vector<std::string> command;
  std::string work_dir;
  std::vector<std::string> readable;
  std::string socket_dir;
  bool network = false;
  bool unix_sockets = false;
  bool exec = false;
  uint64_t address_space_bytes = 0;
  uint32_t cpu_seconds = 0;
  uint32_t open_files = 0;
  uint32_t processes = 0;
  uint32_t processors_milli = 0;
  // The worker has user identities of its own, in which RLIMIT_NPROC counts nobody else.
  bool own_users = false;
};

std::string SerializeLaunchSpec(const LaunchSpec& spec);
// INVALID_ARGUMENT unless every entry is known and valid.
absl::StatusOr<LaunchSpec> ParseLaunchSpec(absl::string_view bytes);

// The absolute path of the shared object, in the environment of the worker of a library actor.
inline constexpr char kLibraryVariable[] = "PARANET_ACTOR_LIBRARY";
// The exit code of a worker whose memory ran out.
inline constexpr int kOutOfMemoryExitCode = 112;

// What a worker reports, one packet each: the first byte of it, followed by...
enum class LaunchReport : char {
  // ... what holds it in, as a list of frame.h with empty values. Comes once, from the process that becomes the actor,
  // when it is about to.
  kConfined = 'C',
  // ... a sentence: why that is not possible.
  kFailed = 'E',
  // ... the status of the actor's process, as wait(2) gives it, four bytes of this machine.
  kEnded = 'X',
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_LAUNCH_SPEC_H_
