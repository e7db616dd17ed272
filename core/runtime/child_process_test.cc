#include "core/runtime/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status_testutil.h"
#include "core/base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class ChildProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory folder, TemporaryDirectory::Create("pn"));
    folder_.emplace(std::move(folder));
    spec_.name = "weather@1.0.0";
    spec_.log = log_;
    spec_.confinement.work_dir = folder_->path() + "/work";
    spec_.confinement.exec = true;
    ASSERT_OK(MakeDirectories(spec_.confinement.work_dir, 0700));
  }

  // Runs `script` with the shell; how it ended is there when Wait returns.
  absl::Status Start(const std::string& script) {
    spec_.command = {"/bin/sh", "-c", script};
    absl::StatusOr<std::unique_ptr<ChildProcess>> process =
        ChildProcess::Start(std::move(spec_), [this](absl::Status how) {
          how_ = std::move(how);
          ended_.Notify();
        });
    if (!process.ok()) return process.status();
    process_ = *std::move(process);
    return absl::OkStatus();
  }
  std::string Wait() {
    ended_.WaitForNotification();
    EXPECT_EQ(how_.code(), absl::StatusCode::kUnavailable);
    return std::string(how_.message());
  }
  std::string Run(const std::string& script) {
    const absl::Status status = Start(script);
    EXPECT_OK(status);
    return status.ok() ? Wait() : std::string(status.message());
  }
  std::vector<std::string> Printed(ActorLog::Level level) const {
    std::vector<std::string> lines;
    for (const ActorLog::Line& line : log_->Tail(0)) {
      if (line.level == level) lines.push_back(line.text);
    }
    return lines;
  }

  std::optional<TemporaryDirectory> folder_;
  ChildProcessSpec spec_;
  const std::shared_ptr<ActorLog> log_ = std::make_shared<ActorLog>("weather@1.0.0", MakeNullLogger());
  absl::Status how_;
  absl::Notification ended_;
  std::unique_ptr<ChildProcess> process_;
};

// The end of a pipe whose other end a process holds as descriptor 3.
class Pipe {
 public:
  explicit Pipe(ChildProcessSpec& spec) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read_ = UniqueFd(ends[0]);
    spec.descriptors.emplace_back(ends[1], 3);
  }
  // What comes next; empty when nobody holds the other end any more.
  std::string Read() const {
    char piece[256];
    const ssize_t got = ::read(read_.get(), piece, sizeof(piece));
    return std::string(piece, got > 0 ? static_cast<size_t>(got) : 0);
  }

 private:
  UniqueFd read_;
};

TEST_F(ChildProcessTest, SaysHowItEndedAndWhatItPrinted) {
  EXPECT_EQ(Run("echo one; echo two >&2; printf 'no end of line'; exit 3"), "exit code 3");
  EXPECT_THAT(Printed(ActorLog::Level::kStdout), ElementsAre("one", "no end of line"));
  EXPECT_THAT(Printed(ActorLog::Level::kStderr), ElementsAre("two"));
}

TEST_F(ChildProcessTest, SaysWhichSignalEndedIt) { EXPECT_EQ(Run("kill -SEGV $$"), "killed by signal 11 (SIGSEGV)"); }

TEST_F(ChildProcessTest, RunsInItsFolderWithItsEnvironmentAlone) {
  ASSERT_EQ(::setenv("PARANET_TEST_SECRET", "of the node", 1), 0);
  spec_.env = {{"CITY", "Oslo"}, {"LANG", "nb_NO"}};
  const std::string work = spec_.confinement.work_dir;
  EXPECT_EQ(Run("pwd; exec env"), "exit code 0");
  std::vector<std::string> printed = Printed(ActorLog::Level::kStdout);
  ASSERT_FALSE(printed.empty());
  EXPECT_EQ(printed.front(), work);
  printed.erase(printed.begin());
  // The shell's own.
  printed.erase(std::remove(printed.begin(), printed.end(), absl::StrCat("PWD=", work)), printed.end());
  EXPECT_THAT(printed, UnorderedElementsAre("CITY=Oslo", "LANG=nb_NO", absl::StrCat("HOME=", work),
                                            absl::StrCat("TMPDIR=", work), "PATH=/usr/local/bin:/usr/bin:/bin"));
}

TEST_F(ChildProcessTest, HasTheDescriptorsItIsGivenAndNoOthers) {
  const UniqueFd other(::open("/dev/null", O_RDONLY));
  const Pipe pipe(spec_);
  EXPECT_EQ(Run("cd /proc/self/fd && echo [0-9]* && echo here >&3"), "exit code 0");
  EXPECT_EQ(pipe.Read(), "here\n");
  EXPECT_EQ(pipe.Read(), "");
  // The fourth is the shell's, which reads the folder.
  EXPECT_THAT(Printed(ActorLog::Level::kStdout), ElementsAre(AnyOf("0 1 2 3", "0 1 2 3 4")));
}

TEST_F(ChildProcessTest, TerminateReachesIt) {
  const Pipe pipe(spec_);
  ASSERT_OK(Start("trap 'exit 5' TERM; echo ready >&3; while :; do sleep 0.01; done"));
  ASSERT_EQ(pipe.Read(), "ready\n");
  EXPECT_EQ(::kill(process_->pid(), 0), 0);
  process_->Terminate();
  EXPECT_EQ(Wait(), "exit code 5");
  // Of a process that has ended: nothing.
  process_->Terminate();
  process_->Kill();
}

TEST_F(ChildProcessTest, KillEndsAllThatItHasStarted) {
  const Pipe pipe(spec_);
  ASSERT_OK(Start("sleep 1000 & echo ready >&3; sleep 1000"));
  ASSERT_EQ(pipe.Read(), "ready\n");
  process_->Kill();
  EXPECT_EQ(Wait(), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(pipe.Read(), "");
}

TEST_F(ChildProcessTest, ItsEndEndsAllThatItHasStarted) {
  const Pipe pipe(spec_);
  EXPECT_EQ(Run("sleep 1000 & exit 0"), "exit code 0");
  EXPECT_EQ(pipe.Read(), "");
}

TEST_F(ChildProcessTest, DestroyingItEndsIt) {
  const Pipe pipe(spec_);
  ASSERT_OK(Start("echo ready >&3; sleep 1000"));
  ASSERT_EQ(pipe.Read(), "ready\n");
  process_.reset();
  EXPECT_EQ(pipe.Read(), "");
  Wait();
}

TEST_F(ChildProcessTest, ItsProcessorTimeIsLimited) {
  spec_.confinement.cpu_seconds = 1;
  EXPECT_EQ(Run("while :; do :; done"), "it has used up its processor time of 1 s");
}

TEST_F(ChildProcessTest, SaysWhatHoldsItIn) {
  spec_.confinement.open_files = 20;
  ASSERT_OK(Start("ulimit -n"));
  EXPECT_THAT(process_->confinement(), AllOf(Contains("seccomp"), Contains("no network"), Contains("no new privileges"),
                                             Contains("20 open files"), Not(Contains("no further processes"))));
  EXPECT_EQ(Wait(), "exit code 0");
  EXPECT_THAT(Printed(ActorLog::Level::kStdout), ElementsAre("20"));
}

TEST_F(ChildProcessTest, ProgramThatIsNotThere) {
  spec_.command = {"/usr/bin/no-such-program"};
  absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Start(std::move(spec_), [this](absl::Status how) {
        how_ = std::move(how);
        ended_.Notify();
      });
  // It is confined before it becomes the program.
  if (process.ok()) {
    EXPECT_THAT(Wait(), HasSubstr("/usr/bin/no-such-program"));
  } else {
    EXPECT_THAT(process.status().message(), HasSubstr("/usr/bin/no-such-program"));
  }
}

TEST_F(ChildProcessTest, FolderThatIsNotThere) {
  spec_.confinement.work_dir = folder_->path() + "/nowhere";
  const absl::Status status = Start("true");
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("weather@1.0.0"), HasSubstr("cannot enter"), HasSubstr("/nowhere")));
}

TEST_F(ChildProcessTest, DescriptorNumbersOutOfBounds) {
  for (const int number : {2, 32}) {
    ChildProcessSpec spec = spec_;
    spec.command = {"/bin/true"};
    spec.descriptors.emplace_back(::open("/dev/null", O_RDONLY), number);
    const auto process = ChildProcess::Start(std::move(spec), [](const absl::Status&) { FAIL() << "it has started"; });
    EXPECT_EQ(process.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(process.status().message(), "a descriptor's number must be 3 to 31");
  }
}

}  // namespace
}  // namespace paranet
