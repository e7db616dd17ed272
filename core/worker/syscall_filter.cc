#include "core/worker/syscall_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace paranet {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "no seccomp filter for this architecture"
#endif

constexpr uint32_t kDeny = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kMissing = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
// Numbers of the x32 ABI have this bit.
constexpr uint32_t kX32Bit = 0x40000000;

// The same numbers on all architectures, and newer than some headers.
enum : uint32_t {
  kPidfdSendSignal = 424,
  kIoUringSetup = 425,
  kIoUringEnter = 426,
  kIoUringRegister = 427,
  kOpenTree = 428,
  kMoveMount = 429,
  kFsopen = 430,
  kFsconfig = 431,
  kFsmount = 432,
  kFspick = 433,
  kPidfdOpen = 434,
  kClone3 = 435,
  kPidfdGetfd = 438,
  kProcessMadvise = 440,
  kMountSetattr = 442,
  kQuotactlFd = 443,
  kProcessMrelease = 448,
};

constexpr uint32_t kRefused[] = {
    // Other processes.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    kPidfdGetfd,
    kPidfdOpen,
    kPidfdSendSignal,
    kProcessMadvise,
    kProcessMrelease,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_setattr,
    SYS_migrate_pages,
    SYS_move_pages,
    // Namespaces, mounts, roots.
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    kOpenTree,
    kMoveMount,
    kFsopen,
    kFsconfig,
    kFsmount,
    kFspick,
    kMountSetattr,
    // Files by other ways than their names.
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_mknodat,
#if defined(SYS_mknod)
    SYS_mknod,
#endif
    // The kernel.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    kIoUringSetup,
    kIoUringEnter,
    kIoUringRegister,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_syslog,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_personality,
    // The machine.
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    kQuotactlFd,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_vhangup,
#if defined(SYS_iopl)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};

// Writes the program, one system call after the other. Every block begins with the number of the call in the
// accumulator and leaves it there for the next one.
class Program {
 public:
  void Statement(uint32_t code, uint32_t k) {
    filter_.push_back({.code = static_cast<uint16_t>(code), .jt = 0, .jf = 0, .k = k});
  }
  void Jump(uint32_t code, uint32_t k, size_t if_true, size_t if_false) {
    filter_.push_back({.code = static_cast<uint16_t>(code),
                       .jt = static_cast<uint8_t>(if_true),
                       .jf = static_cast<uint8_t>(if_false),
                       .k = k});
  }
  void LoadNumber() { Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)); }
  // One half of an argument; little-endian.
  void LoadLow(int argument) { Statement(BPF_LD | BPF_W | BPF_ABS, ArgumentAt(argument)); }
  void LoadHigh(int argument) { Statement(BPF_LD | BPF_W | BPF_ABS, ArgumentAt(argument) + 4); }
  void Return(uint32_t action) { Statement(BPF_RET | BPF_K, action); }
  // Skips the next `size` statements unless the accumulator has this value, or has it.
  void SkipUnless(uint32_t value, size_t size) { Jump(BPF_JMP | BPF_JEQ | BPF_K, value, 0, size); }
  void SkipIf(uint32_t value, size_t size) { Jump(BPF_JMP | BPF_JEQ | BPF_K, value, size, 0); }

  // `call` is answered with `action`.
  void Answer(uint32_t call, uint32_t action) {
    SkipUnless(call, 1);
    Return(action);
  }
  // `call` is possible only if the low half of `argument`, after `mask`, is one of `values`.
  void AllowOnly(uint32_t call, int argument, uint32_t mask, const std::vector<uint32_t>& values) {
    SkipUnless(call, 3 + values.size() + 1);
    LoadLow(argument);
    Statement(BPF_ALU | BPF_AND | BPF_K, mask);
    for (size_t i = 0; i < values.size(); ++i) SkipIf(values[i], values.size() - i);
    Return(kDeny);
    Return(kAllow);
  }
  // `call` is not possible if the low half of `argument` has one of `bits`.
  void DenyBits(uint32_t call, int argument, uint32_t bits) {
    SkipUnless(call, 4);
    LoadLow(argument);
    Jump(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    Return(kDeny);
    Return(kAllow);
  }
  // `call` is not possible if the low half of `argument` is one of `values`.
  void DenyValues(uint32_t call, int argument, const std::vector<uint32_t>& values) {
    SkipUnless(call, 3 + values.size());
    LoadLow(argument);
    for (size_t i = 0; i < values.size(); ++i) SkipIf(values[i], values.size() - i);
    Return(kAllow);
    Return(kDeny);
  }

  const std::vector<sock_filter>& filter() const { return filter_; }

 private:
  static uint32_t ArgumentAt(int argument) {
    return static_cast<uint32_t>(offsetof(seccomp_data, args) + (sizeof(uint64_t) * static_cast<size_t>(argument)));
  }

  std::vector<sock_filter> filter_;
};

void AddSockets(const SyscallRules& rules, Program& program) {
  std::vector<uint32_t> domains;
  if (rules.unix_sockets) domains.push_back(AF_UNIX);
  if (rules.network) domains.insert(domains.end(), {AF_INET, AF_INET6, AF_NETLINK});
  program.AllowOnly(SYS_socket, 0, ~0U, domains);
  // A pair of streams is connected and stays so; one of datagrams could send elsewhere.
  if (!rules.unix_sockets) program.AllowOnly(SYS_socketpair, 1, 0xf, {SOCK_STREAM});
  if (rules.unix_sockets || rules.network) return;
  for (const uint32_t call : {SYS_bind, SYS_connect, SYS_listen, SYS_accept, SYS_accept4}) program.Answer(call, kDeny);
}

void AddProcesses(const SyscallRules& rules, Program& program) {
  program.Answer(kClone3, kMissing);
  constexpr uint32_t kNamespaces =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  if (rules.exec) {
    program.DenyBits(SYS_clone, 0, kNamespaces);
    return;
  }
#if defined(SYS_fork)
  program.Answer(SYS_fork, kDeny);
  program.Answer(SYS_vfork, kDeny);
#endif
  program.AllowOnly(SYS_clone, 0, CLONE_THREAD | kNamespaces, {CLONE_THREAD});
  program.Answer(SYS_execveat, kDeny);
  if (!rules.one_exec.has_value()) {
    program.Answer(SYS_execve, kDeny);
    return;
  }
  const uint64_t pointers[] = {rules.one_exec->path, rules.one_exec->arguments};
  constexpr size_t kStatements = 10;
  program.SkipUnless(SYS_execve, kStatements);
  size_t left = kStatements - 1;
  for (int argument = 0; argument < 2; ++argument) {
    program.LoadLow(argument);
    program.SkipUnless(static_cast<uint32_t>(pointers[argument]), left - 2);
    program.LoadHigh(argument);
    program.SkipUnless(static_cast<uint32_t>(pointers[argument] >> 32), left - 4);
    left -= 4;
  }
  program.Return(kAllow);
  program.Return(kDeny);
}

void AddSignals(const SyscallRules& rules, Program& program) {
  // Who owns a descriptor is sent signals for it.
  program.DenyValues(SYS_fcntl, 1, {F_SETOWN, F_SETOWN_EX, F_SETSIG});
  constexpr uint32_t kFiosetown = 0x8901;
  constexpr uint32_t kSiocspgrp = 0x8902;
  constexpr uint32_t kTioclinux = 0x541C;
  program.DenyValues(SYS_ioctl, 1, {kFiosetown, kSiocspgrp, TIOCSTI, kTioclinux});
  program.Answer(SYS_tkill, kDeny);
  if (!rules.signals_only_to.has_value()) return;
  const auto self = static_cast<uint32_t>(*rules.signals_only_to);
  for (const uint32_t call : {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo}) {
    program.AllowOnly(call, 0, ~0U, {self});
  }
}

}  // namespace

absl::Status FilterSyscalls(const SyscallRules& rules) {
  Program program;
  program.Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program.SkipIf(kArchitecture, 1);
  program.Return(SECCOMP_RET_KILL_PROCESS);
  program.LoadNumber();
#if defined(__x86_64__)
  program.Jump(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1);
  program.Return(kMissing);
#endif
  for (const uint32_t call : kRefused) program.Answer(call, kDeny);
  AddProcesses(rules, program);
  AddSockets(rules, program);
  AddSignals(rules, program);
  // 0 is the process itself.
  program.AllowOnly(SYS_prlimit64, 0, ~0U, {0});
  program.AllowOnly(SYS_sched_setaffinity, 0, ~0U, {0});
  program.Return(kAllow);

  // The kernel only reads it.
  std::vector<sock_filter> filter = program.filter();
  const sock_fprog loaded = {.len = static_cast<uint16_t>(filter.size()), .filter = filter.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded, 0, 0) != 0) {
    return absl::ErrnoToStatus(errno, "cannot set the seccomp filter");
  }
  return absl::OkStatus();
}

}  // namespace paranet
