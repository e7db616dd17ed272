#include "core/worker/confine.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/worker/landlock.h"

namespace paranet {
namespace {

// What every program needs of the system, and nothing that belongs to anybody.
constexpr const char* kSystem[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/run/systemd/resolve",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
    "/proc/sys/kernel/random",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/urandom",
    "/dev/random",
};
constexpr const char* kWritableDevices[] = {"/dev/null", "/dev/zero", "/dev/full"};

absl::Status Limit(int resource, rlim_t soft, rlim_t hard, const char* what) {
  rlimit present{};
  ::getrlimit(static_cast<__rlimit_resource_t>(resource), &present);
  // What is stricter already stays: without privileges a hard limit cannot be raised.
  const rlimit limit = {.rlim_cur = std::min(soft, present.rlim_max), .rlim_max = std::min(hard, present.rlim_max)};
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot limit ", what));
  }
  return absl::OkStatus();
}

// Capabilities and the ways to get some.
absl::Status DropPrivileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return absl::ErrnoToStatus(errno, "cannot set no_new_privs");
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  constexpr int kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                        SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  // Needs a capability, and changes something only for who has some.
  ::prctl(PR_SET_SECUREBITS, kBits, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return absl::ErrnoToStatus(errno, "cannot drop capabilities");
  return absl::OkStatus();
}

absl::Status SetLimits(const LaunchSpec& spec, std::vector<std::string>& holds) {
  if (spec.address_space_bytes != 0) {
    if (absl::Status status = Limit(RLIMIT_AS, spec.address_space_bytes, spec.address_space_bytes, "the address space");
        !status.ok()) {
      return status;
    }
    holds.push_back(absl::StrCat("address space ", spec.address_space_bytes >> 20, " MiB"));
  }
  if (spec.cpu_seconds != 0) {
    // SIGXCPU first, and SIGKILL for who does not listen.
    if (absl::Status status = Limit(RLIMIT_CPU, spec.cpu_seconds, rlim_t{spec.cpu_seconds} + 1, "processor time");
        !status.ok()) {
      return status;
    }
    holds.push_back(absl::StrCat("processor time ", spec.cpu_seconds, " s"));
  }
  const uint32_t files = spec.open_files != 0 ? spec.open_files : kDefaultOpenFiles;
  const uint32_t processes = spec.processes != 0 ? spec.processes : kDefaultProcesses;
  const std::pair<int, std::pair<rlim_t, const char*>> limits[] = {
      {RLIMIT_NOFILE, {files, "open files"}},   {RLIMIT_CORE, {0, "core dumps"}},
      {RLIMIT_MSGQUEUE, {0, "message queues"}}, {RLIMIT_RTPRIO, {0, "priorities"}},
      {RLIMIT_NICE, {0, "priorities"}},
  };
  for (const auto& [resource, value] : limits) {
    if (absl::Status status = Limit(resource, value.first, value.first, value.second); !status.ok()) return status;
  }
  holds.push_back(absl::StrCat(files, " open files"));
  // Elsewhere the kernel counts all that the user runs, the node too; and nothing that root runs.
  if (spec.own_users) {
    if (absl::Status status = Limit(RLIMIT_NPROC, processes, processes, "processes"); !status.ok()) return status;
    holds.push_back(absl::StrCat(processes, " processes and threads"));
  }
  return absl::OkStatus();
}

void LimitProcessors(uint32_t milli, std::vector<std::string>& holds) {
  cpu_set_t have;
  if (milli == 0 || ::sched_getaffinity(0, sizeof(have), &have) != 0) return;
  cpu_set_t want;
  CPU_ZERO(&want);
  uint32_t left = (milli + 999) / 1000;
  // From the last one on: where there are few, the node's own threads are rather on the first.
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && left > 0; --cpu) {
    if (!CPU_ISSET(cpu, &have)) continue;
    CPU_SET(cpu, &want);
    --left;
  }
  if (::sched_setaffinity(0, sizeof(want), &want) == 0) {
    holds.push_back(absl::StrCat(CPU_COUNT(&want), CPU_COUNT(&want) == 1 ? " processor" : " processors"));
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Confine(const LaunchSpec& spec,
                                                 const std::optional<SyscallRules::OneExec>& one_exec) {
  std::vector<std::string> holds;
  if (!spec.work_dir.empty() && ::chdir(spec.work_dir.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot enter ", spec.work_dir));
  }
  LimitProcessors(spec.processors_milli, holds);
  if (absl::Status status = SetLimits(spec, holds); !status.ok()) return status;
  if (absl::Status status = DropPrivileges(); !status.ok()) return status;
  holds.emplace_back("no new privileges");

  LandlockRules files;
  files.network = spec.network;
  files.readable.assign(std::begin(kSystem), std::end(kSystem));
  files.readable.insert(files.readable.end(), spec.readable.begin(), spec.readable.end());
  files.writable.assign(std::begin(kWritableDevices), std::end(kWritableDevices));
  for (const std::string& folder : {spec.work_dir, spec.socket_dir}) {
    if (!folder.empty()) files.writable.push_back(folder);
  }
  absl::StatusOr<std::vector<std::string>> landlock = RestrictByLandlock(files);
  if (!landlock.ok()) return landlock.status();
  holds.insert(holds.end(), landlock->begin(), landlock->end());

  SyscallRules rules = {
      .network = spec.network, .unix_sockets = spec.unix_sockets, .exec = spec.exec, .one_exec = one_exec};
  // Who may start processes ends them too; Landlock or the namespace keep that among them.
  if (!spec.exec || (::getppid() != 0 && !LandlockScopesSignals())) rules.signals_only_to = ::getpid();
  if (absl::Status status = FilterSyscalls(rules); !status.ok()) return status;
  holds.emplace_back("seccomp");
  if (!spec.network) holds.emplace_back("no network");
  if (!spec.exec) holds.emplace_back("no further processes");
  return holds;
}

}  // namespace paranet
