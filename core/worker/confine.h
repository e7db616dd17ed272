// What a worker does to itself before anything of an actor runs in it.
#ifndef PARANET_CORE_WORKER_CONFINE_H_
#define PARANET_CORE_WORKER_CONFINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/worker/launch_spec.h"
#include "core/worker/syscall_filter.h"

namespace paranet {

// Confines the calling process, which must have one thread, for ever: current directory, limits (setrlimit(2)), no
// capabilities, no_new_privs, Landlock and a seccomp filter, by what `spec` grants. `one_exec` as in SyscallRules, for
// a program that is to be executed after it; nullopt for a library that is loaded after it. Returns what holds, for
// people (ChildProcess::confinement); what this machine cannot do is in it as such.
absl::StatusOr<std::vector<std::string>> Confine(const LaunchSpec& spec,
                                                 const std::optional<SyscallRules::OneExec>& one_exec);

// Without CPU time, address space: what is not in the spec.
inline constexpr uint32_t kDefaultOpenFiles = 1'024;
inline constexpr uint32_t kDefaultProcesses = 512;

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_CONFINE_H_
