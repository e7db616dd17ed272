#include "core/worker/confine.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

// What `body` finds out in a process that has confined itself: 0, or the line of the test that fails.
#define MUST(condition) \
  if (!(condition)) return __LINE__

class ConfineTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_ = std::make_unique<TemporaryDirectory>(std::move(dir));
    spec_.work_dir = Path("work");
    spec_.readable = {Path("package")};
    ASSERT_OK(MakeDirectories(spec_.work_dir));
    ASSERT_OK(MakeDirectories(Path("package")));
    ASSERT_OK(WriteFileAtomically(Path("package/file"), "hello"));
    ASSERT_OK(WriteFileAtomically(Path("secret"), "key", 0600));
  }

  std::string Path(const std::string& name) const { return absl::StrCat(dir_->path(), "/", name); }

  void Check(const std::function<int()>& body) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // Whatever this test gets wrong, it does not hurt the machine.
      const rlimit few = {.rlim_cur = 200, .rlim_max = 200};
      ::setrlimit(RLIMIT_NPROC, &few);
      const auto holds = Confine(spec_, std::nullopt);
      if (!holds.ok()) ::_exit(255);
      const int line = body();
      // Exit codes have eight bits.
      if (line != 0) {
        const std::string words = absl::StrCat("failed in line ", line, ", errno ", errno, "\n");
        static_cast<void>(!::write(STDERR_FILENO, words.data(), words.size()));
      }
      ::_exit(line == 0 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }

  static bool HasLandlock() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 1; }
  static bool Refused(long result) { return result < 0 && (errno == EPERM || errno == EACCES); }

  LaunchSpec spec_;
  std::unique_ptr<TemporaryDirectory> dir_;
};

TEST_F(ConfineTest, FilesAreThoseOfThePackageAndTheSystem) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  Check([this] {
    MUST(::open(Path("package/file").c_str(), O_RDONLY) >= 0);
    MUST(Refused(::open(Path("package/file").c_str(), O_WRONLY)));
    MUST(Refused(::open(Path("package/new").c_str(), O_WRONLY | O_CREAT, 0600)));
    MUST(Refused(::open(Path("secret").c_str(), O_RDONLY)));
    MUST(Refused(::truncate(Path("secret").c_str(), 0)));
    MUST(Refused(::unlink(Path("secret").c_str())));
    MUST(Refused(::open("/etc/shadow", O_RDONLY)) || errno == ENOENT);
    MUST(Refused(::open("/proc/1/environ", O_RDONLY)) || errno == ENOENT);
    MUST(::open("/usr/lib", O_RDONLY | O_DIRECTORY) >= 0);
    MUST(Refused(::open("/usr/lib/paranet-test", O_WRONLY | O_CREAT, 0600)) || errno == EROFS);
    MUST(::open("/dev/null", O_RDWR) >= 0);
    return 0;
  });
}

TEST_F(ConfineTest, TheWorkingDirectoryIsItsOwn) {
  Check([this] {
    const int fd = ::open("new", O_RDWR | O_CREAT, 0600);
    MUST(fd >= 0);
    MUST(::write(fd, "x", 1) == 1);
    MUST(::access((spec_.work_dir + "/new").c_str(), R_OK) == 0);
    MUST(::mkdir("folder", 0700) == 0);
    MUST(::rename("new", "folder/new") == 0);
    MUST(::unlink("folder/new") == 0);
    // A link out leads nowhere.
    MUST(::symlink(Path("secret").c_str(), "link") == 0);
    MUST(!HasLandlock() || Refused(::open("link", O_RDONLY)));
    MUST(Refused(::mknod("fifo", S_IFIFO | 0600, 0)));
    return 0;
  });
}

TEST_F(ConfineTest, NoNetworkAndNoSockets) {
  Check([] {
    MUST(Refused(::socket(AF_INET, SOCK_STREAM, 0)));
    MUST(Refused(::socket(AF_INET6, SOCK_DGRAM, 0)));
    MUST(Refused(::socket(AF_UNIX, SOCK_STREAM, 0)));
    MUST(Refused(::socket(AF_NETLINK, SOCK_RAW, 0)));
    MUST(Refused(::socket(AF_PACKET, SOCK_RAW, 0)));
    int pair[2];
    MUST(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(Refused(::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)));
    MUST(Refused(::connect(pair[0], nullptr, 0)));
    return 0;
  });
}

TEST_F(ConfineTest, TheNetworkWhereItIsGranted) {
  spec_.network = true;
  Check([] {
    MUST(::socket(AF_INET, SOCK_STREAM, 0) >= 0);
    MUST(::socket(AF_INET6, SOCK_DGRAM, 0) >= 0 || errno == EAFNOSUPPORT);
    MUST(Refused(::socket(AF_PACKET, SOCK_RAW, 0)));
    MUST(Refused(::socket(AF_UNIX, SOCK_STREAM, 0)));
    return 0;
  });
}

TEST_F(ConfineTest, UnixSocketsWhereTheyAreGranted) {
  spec_.unix_sockets = true;
  Check([] {
    MUST(::socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    MUST(Refused(::socket(AF_INET, SOCK_STREAM, 0)));
    return 0;
  });
}

TEST_F(ConfineTest, ThreadsButNoProcesses) {
  Check([] {
    bool ran = false;
    std::thread([&ran] { ran = true; }).join();
    MUST(ran);
    MUST(Refused(::fork()));
    MUST(Refused(::vfork()));
    char* arguments[] = {nullptr};
    MUST(Refused(::execve("/bin/true", arguments, arguments)));
    MUST(::syscall(435 /* clone3 */, nullptr, 0) < 0 && errno == ENOSYS);
    return 0;
  });
}

TEST_F(ConfineTest, ProcessesWhereTheyAreGrantedButNoNamespaces) {
  spec_.exec = true;
  Check([] {
    const pid_t child = ::fork();
    MUST(child >= 0);
    if (child == 0) {
      ::execl("/bin/true", "true", nullptr);
      ::_exit(9);
    }
    int status = 0;
    MUST(::waitpid(child, &status, 0) == child && status == 0);
    MUST(Refused(::unshare(CLONE_NEWUSER)));
    MUST(Refused(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr)));
    return 0;
  });
}

TEST_F(ConfineTest, NobodyElsesProcesses) {
  const pid_t other = ::getpid();
  Check([other] {
    MUST(Refused(::ptrace(PTRACE_ATTACH, other, nullptr, nullptr)));
    MUST(Refused(::kill(other, 0)));
    MUST(Refused(::kill(-1, 0)));
    MUST(Refused(::syscall(SYS_tgkill, other, other, 0)));
    MUST(::kill(::getpid(), 0) == 0);
    MUST(Refused(::syscall(SYS_process_vm_readv, other, nullptr, 0, nullptr, 0, 0)));
    MUST(Refused(::syscall(434 /* pidfd_open */, other, 0)));
    MUST(Refused(::setpriority(PRIO_PROCESS, static_cast<id_t>(other), 5)));
    const rlimit limit = {.rlim_cur = 10, .rlim_max = 10};
    MUST(Refused(::prlimit(other, RLIMIT_NOFILE, &limit, nullptr)));
    MUST(Refused(::open(absl::StrCat("/proc/", other, "/mem").c_str(), O_RDONLY)) || !HasLandlock());
    return 0;
  });
}

TEST_F(ConfineTest, NothingOfTheKernelAndTheMachine) {
  Check([] {
    MUST(Refused(::syscall(SYS_mount, nullptr, nullptr, nullptr, 0, nullptr)));
    MUST(Refused(::syscall(SYS_bpf, 0, nullptr, 0)));
    MUST(Refused(::syscall(SYS_perf_event_open, nullptr, 0, 0, 0, 0)));
    MUST(Refused(::syscall(SYS_userfaultfd, 0)));
    MUST(Refused(::syscall(425 /* io_uring_setup */, 1, nullptr)));
    MUST(Refused(::syscall(SYS_keyctl, 0, 0, 0, 0, 0)));
    MUST(Refused(::syscall(SYS_init_module, nullptr, 0, "")));
    MUST(Refused(::syscall(SYS_kexec_load, 0, 0, nullptr, 0)));
    MUST(Refused(::syscall(SYS_open_by_handle_at, 0, nullptr, 0)));
    MUST(Refused(::chroot("/")));
    MUST(Refused(::setns(0, 0)));
    MUST(Refused(::syscall(SYS_reboot, 0, 0, 0, nullptr)));
    // Also EINVAL, where the test's own sandbox has no such user.
    MUST(::setuid(1) < 0 || ::geteuid() != 0);
    return 0;
  });
}

TEST_F(ConfineTest, LimitsHold) {
  spec_.address_space_bytes = uint64_t{1} << 30;
  spec_.open_files = 20;
  Check([] {
    rlimit limit{};
    MUST(::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_max == rlim_t{1} << 30);
    MUST(::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    MUST(::mmap(nullptr, size_t{2} << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    int opened = 0;
    while (::open("/dev/null", O_RDONLY) >= 0) ++opened;
    MUST(opened < 20 && errno == EMFILE);
    return 0;
  });
}

}  // namespace
}  // namespace paranet
