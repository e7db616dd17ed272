#include "core/rpc/unix_listener.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

int Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  ::close(fd);
  return -1;
}

class UnixListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_ = std::make_unique<TemporaryDirectory>(std::move(dir));
    path_ = dir_->path() + "/s";
  }

  std::unique_ptr<TemporaryDirectory> dir_;
  std::string path_;
};

TEST_F(UnixListenerTest, HandsOverAConnectionOfTheSameUser) {
  absl::Notification accepted;
  int served = -1;
  ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Start(
                                          path_,
                                          [&](int fd) {
                                            served = fd;
                                            accepted.Notify();
                                          },
                                          MakeNullLogger()));
  const int fd = Connect(path_);
  ASSERT_GE(fd, 0);
  accepted.WaitForNotification();
  ASSERT_EQ(::write(fd, "hi", 2), 2);
  char text[3] = {};
  while (::read(served, text, 2) < 0) {
  }
  EXPECT_STREQ(text, "hi");
  ::close(fd);
  ::close(served);
}

TEST_F(UnixListenerTest, ClosesAConnectionOfAConfinedProcess) {
  std::atomic<int> accepted = 0;
  ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Start(
                                          path_,
                                          [&accepted](int fd) {
                                            ++accepted;
                                            ::close(fd);
                                          },
                                          MakeNullLogger()));
  // An actor's process is the same user's, and has a filter; here it is one that allows everything.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sock_filter allow[] = {{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_ALLOW}};
    const sock_fprog program = {.len = 1, .filter = allow};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(2);
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) ::_exit(3);
    const int fd = Connect(path_);
    if (fd < 0) ::_exit(4);
    char byte = 0;
    ::_exit(::read(fd, &byte, 1) == 0 ? 0 : 5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(accepted, 0);
}

TEST_F(UnixListenerTest, ClosesAConnectionOfAnotherUser) {
  if (::geteuid() != 0) return;  // Only root can become somebody else, and root itself is admitted.
  ASSERT_EQ(::chmod(dir_->path().c_str(), 0755), 0);
  int accepted = 0;
  ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Start(
                                          path_,
                                          [&](int fd) {
                                            ++accepted;
                                            ::close(fd);
                                          },
                                          MakeNullLogger()));
  // The mode of the socket is the first wall; the check of the uid has to hold without it.
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // From inside the directory, because its parents may be closed to others.
    if (::chdir(dir_->path().c_str()) != 0 || ::setuid(65534) != 0) ::_exit(2);
    const int fd = Connect("s");
    if (fd < 0) ::_exit(3);
    char byte;
    ::_exit(::read(fd, &byte, 1) == 0 ? 0 : 4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  listener.reset();
  EXPECT_EQ(accepted, 0);
}

TEST_F(UnixListenerTest, MakesASocketForTheOwnerAloneAndDeletesIt) {
  ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Start(
                                          path_, [](int fd) { ::close(fd); }, MakeNullLogger()));
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  listener.reset();
  EXPECT_NE(::stat(path_.c_str(), &info), 0);
}

TEST_F(UnixListenerTest, ReplacesASocketThatNobodyListensOn) {
  {
    ASSERT_OK(UnixListener::Start(
        path_, [](int fd) { ::close(fd); }, MakeNullLogger()));
  }
  ASSERT_OK(WriteFileAtomically(path_, "left behind"));
  EXPECT_OK(UnixListener::Start(
      path_, [](int fd) { ::close(fd); }, MakeNullLogger()));
}

TEST_F(UnixListenerTest, RefusesAPathThatIsTooLong) {
  EXPECT_THAT(UnixListener::Start(
                  dir_->path() + "/" + std::string(120, 'x'), [](int) {}, MakeNullLogger())
                  .status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("107")));
}

TEST_F(UnixListenerTest, SaysWhichDirectoryIsMissing) {
  EXPECT_THAT(UnixListener::Start(
                  dir_->path() + "/none/s", [](int) {}, MakeNullLogger())
                  .status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none/s")));
}

}  // namespace
}  // namespace paranet
