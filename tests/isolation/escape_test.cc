// A worker that tries what it must not: all refused.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/rpc/unix_listener.h"
#include "core/runtime/child_process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/isolation/hostile_package.h"

namespace paranet {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

bool HasLandlock() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 1; }

class EscapeTest : public HostilePackageTest {
 protected:
  void SetUp() override {
    HostilePackageTest::SetUp();
    ASSERT_OK(WriteFileAtomically(Path("key.pem"), "the node's private key", 0600));
    ASSERT_OK(Start());
  }

  // Runs a program as an exec actor would run, until it ends; what it printed and how it ended.
  std::string RunProgram(const std::string& code, uint32_t processes = 0) {
    auto log = std::make_shared<ActorLog>("program@1.0.0", MakeNullLogger());
    const auto ended = std::make_shared<absl::Notification>();
    ChildProcessSpec spec;
    spec.name = "program@1.0.0";
    spec.command = {"/usr/bin/python3", "-I", "-S", "-c", code};
    spec.confinement = {.work_dir = Path("work"),
                        .unix_sockets = true,
                        .exec = true,
                        .socket_dir = Path("work"),
                        .processes = processes};
    spec.log = log;
    auto process = ChildProcess::Start(std::move(spec), [log, ended](const absl::Status& status) {
      log->Write(ActorLog::Level::kInfo, status.message());
      ended->Notify();
    });
    EXPECT_OK(process.status());
    if (!process.ok()) return "";
    EXPECT_TRUE(ended->WaitForNotificationWithTimeout(2 * kTestPatience));
    std::string lines;
    for (const ActorLog::Line& line : log->Tail(0)) absl::StrAppend(&lines, line.text, "\n");
    return lines;
  }
};

TEST_F(EscapeTest, ItCannotReadTheNodesKey) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_THAT(Do("read " + Path("key.pem")), StartsWith("refused"));
  EXPECT_THAT(Do("read /etc/shadow"), StartsWith("refused"));
  EXPECT_THAT(Do(absl::StrCat("read /proc/", ::getpid(), "/environ")), StartsWith("refused"));
  EXPECT_THAT(Do(absl::StrCat("read /proc/", ::getpid(), "/mem")), StartsWith("refused"));
  // Its own it can.
  EXPECT_THAT(Do("read " + Path("package/plain.binpb")), StartsWith("ok"));
}

TEST_F(EscapeTest, ItCannotWriteOutsideOfItsFolder) {
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_THAT(Do("write " + Path("new")), StartsWith("refused"));
  EXPECT_THAT(Do("write " + Path("package/new")), StartsWith("refused"));
  EXPECT_THAT(Do("write /tmp/paranet-new"), StartsWith("refused"));
  EXPECT_THAT(Do("delete " + Path("key.pem")), StartsWith("refused"));
  EXPECT_THAT(Do("write " + Path("work/test/good/new")), StartsWith("refused"));
  EXPECT_EQ(Do("write mine"), "ok");
  EXPECT_EQ(::access(Path("work/test/bad/mine").c_str(), R_OK), 0);
}

TEST_F(EscapeTest, ItCannotOpenANetworkConnection) { EXPECT_EQ(Do("inet"), "refused 1"); }

TEST_F(EscapeTest, ItCannotTouchTheNodesProcess) {
  EXPECT_EQ(Do(absl::StrCat("ptrace ", ::getpid())), "refused 1");
  EXPECT_EQ(Do(absl::StrCat("kill ", ::getpid())), "refused 1");
  EXPECT_EQ(Do("fork"), "refused 1");
}

TEST_F(EscapeTest, ItCannotUseTheNodesControlSocket) {
  std::atomic<int> accepted = 0;
  const std::string socket = Path("s");
  ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Start(
                                                socket,
                                                [&accepted](int fd) {
                                                  ++accepted;
                                                  ::close(fd);
                                                },
                                                MakeNullLogger()));
  EXPECT_EQ(Do("unix " + socket), "refused 1");
  // A program may have sockets, but the node knows who it is.
  const std::string said = RunProgram(absl::StrCat("import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('",
                                                   socket, "')\nprint('got', s.recv(1))\n"));
  EXPECT_THAT(said, HasSubstr("got b''"));
  EXPECT_EQ(accepted, 0);
}

TEST_F(EscapeTest, ItsEnvironmentIsItsOwn) {
  ::setenv("PARANET_TEST_SECRET", "secret", 1);
  const std::string said = RunProgram("import os\nprint(sorted(os.environ))\n");
  EXPECT_THAT(said, Not(HasSubstr("SECRET")));
  EXPECT_THAT(said, HasSubstr("'HOME', 'LANG'"));
}

TEST_F(EscapeTest, DescriptorsOfTheNodeDoNotComeAlong) {
  // Without O_CLOEXEC, as a careless library would open it.
  const int careless = ::open(Path("key.pem").c_str(), O_RDONLY);
  const std::string said = RunProgram(
      "import os\n"
      "for fd in range(3, 200):\n"
      "  try: print('open', fd, os.readlink('/proc/self/fd/%d' % fd))\n"
      "  except OSError: pass\n"
      "print('done')\n");
  ::close(careless);
  EXPECT_THAT(said, HasSubstr("done"));
  EXPECT_THAT(said, Not(HasSubstr("key.pem")));
}

TEST_F(EscapeTest, AProgramsForkBombEndsWithIt) {
  // Bounded whatever happens: 1,000 processes are few for a machine.
  const std::string said = RunProgram(
      "import os, time\n"
      "started = 0\n"
      "try:\n"
      "  for i in range(1000):\n"
      "    if os.fork() == 0:\n"
      "      time.sleep(600)\n"
      "      os._exit(0)\n"
      "    started += 1\n"
      "except OSError as e:\n"
      "  print('no more:', e.errno)\n"
      "print('started', started, flush=True)\n",
      64);
  EXPECT_THAT(said, HasSubstr("started"));
  EXPECT_THAT(said, HasSubstr("exit code 0"));
  std::printf("%s", said.c_str());
}

}  // namespace
}  // namespace paranet
