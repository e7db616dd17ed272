// A seccomp filter (seccomp(2)): the system calls that an actor has no use for fail with EPERM.
#ifndef PARANET_CORE_WORKER_SYSCALL_FILTER_H_
#define PARANET_CORE_WORKER_SYSCALL_FILTER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace paranet {

struct SyscallRules {
  // Sockets of the Internet, and what is needed to ask for interfaces.
  bool network = false;
  // Sockets of the Unix domain, other than connected pairs.
  bool unix_sockets = false;
  // New processes. Threads are always possible.
  bool exec = false;
  // Where not `exec`: one execve is possible all the same, with exactly these two pointers as path and arguments. Who
  // does not know them cannot use it, and the program that is executed does not: let them be random.
  struct OneExec {
    uint64_t path = 0;
    uint64_t arguments = 0;
  };
  std::optional<OneExec> one_exec;
  // Signals go to this process only; nullopt: to whom the kernel lets them.
  std::optional<pid_t> signals_only_to;
};

// For the calling thread and all that it starts, for ever; it must have no_new_privs, and be alone in the process.
// Refused are: looking into other processes (ptrace, process_vm_*, pidfd_getfd, kcmp), changing them (prlimit,
// priorities), namespaces and mounts, kernel modules, kexec, bpf, perf, keyrings, userfaultfd, io_uring, handles of
// files, clocks, devices, quota, swap; and sockets, processes and signals beyond `rules`. clone3 does not exist
// (ENOSYS), so that libraries use clone, whose flags a filter can see. System calls of another architecture end the
// process.
absl::Status FilterSyscalls(const SyscallRules& rules);

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_SYSCALL_FILTER_H_
