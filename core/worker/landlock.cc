#include "core/worker/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace paranet {
namespace {

// The kernel's interface (include/uapi/linux/landlock.h of Linux 6.12), which is newer than the headers of the systems
// that we are built on.
struct RulesetAttr {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};
struct __attribute__((packed)) PathBeneathAttr {
  uint64_t allowed_access;
  int32_t parent_fd;
};
constexpr uint32_t kCreateRulesetVersion = 1;
constexpr int kRulePathBeneath = 1;

constexpr uint64_t kExecute = 1U << 0;
constexpr uint64_t kWriteFile = 1U << 1;
constexpr uint64_t kReadFile = 1U << 2;
constexpr uint64_t kReadDir = 1U << 3;
constexpr uint64_t kMakeChar = 1U << 6;
constexpr uint64_t kMakeBlock = 1U << 11;
constexpr uint64_t kAllOfVersion1 = (1U << 13) - 1;
constexpr uint64_t kRefer = 1U << 13;
constexpr uint64_t kTruncate = 1U << 14;
constexpr uint64_t kIoctlDev = 1U << 15;
constexpr uint64_t kBindAndConnectTcp = 3;
constexpr uint64_t kScopeAbstractSockets = 1;
constexpr uint64_t kScopeSignals = 2;

int Version() { return static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, kCreateRulesetVersion)); }

absl::Status Allow(int ruleset, const std::string& path, uint64_t access) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return absl::OkStatus();
  struct stat status {};
  // What only a folder can have the kernel refuses for a file.
  if (::fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode)) {
    access &= kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;
  }
  const PathBeneathAttr attr = {.allowed_access = access, .parent_fd = fd};
  const long added = ::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &attr, 0);
  const int error = errno;
  ::close(fd);
  return added == 0 ? absl::OkStatus() : absl::ErrnoToStatus(error, absl::StrCat("landlock rule for ", path));
}

}  // namespace

bool LandlockScopesSignals() { return Version() >= 6; }

absl::StatusOr<std::vector<std::string>> RestrictByLandlock(const LandlockRules& rules) {
  const int version = Version();
  if (version < 1) return std::vector<std::string>{"landlock is not available"};
  RulesetAttr attr = {.handled_access_fs = kAllOfVersion1, .handled_access_net = 0, .scoped = 0};
  std::vector<std::string> holds = {absl::StrCat("landlock ", version, ": files")};
  if (version >= 2) attr.handled_access_fs |= kRefer;
  if (version >= 3) attr.handled_access_fs |= kTruncate;
  if (version >= 5) attr.handled_access_fs |= kIoctlDev;
  if (version >= 4 && !rules.network) {
    attr.handled_access_net = kBindAndConnectTcp;
    holds.emplace_back("landlock: no TCP");
  }
  if (version >= 6) {
    attr.scoped = kScopeAbstractSockets | kScopeSignals;
    holds.emplace_back("landlock: signals");
  }
  // A shorter structure is what an older kernel knows.
  const size_t size = version >= 6 ? sizeof(attr) : version >= 4 ? 16 : 8;
  const int ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, size, 0));
  if (ruleset < 0) return absl::ErrnoToStatus(errno, "landlock_create_ruleset");
  absl::Status status;
  for (const std::string& path : rules.readable) {
    if (status.ok()) status = Allow(ruleset, path, kExecute | kReadFile | kReadDir);
  }
  const uint64_t write = attr.handled_access_fs & ~(kMakeChar | kMakeBlock | kIoctlDev);
  for (const std::string& path : rules.writable) {
    if (status.ok()) status = Allow(ruleset, path, write);
  }
  if (status.ok() && ::syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
    status = absl::ErrnoToStatus(errno, "landlock_restrict_self");
  }
  ::close(ruleset);
  if (!status.ok()) return status;
  return holds;
}

}  // namespace paranet
