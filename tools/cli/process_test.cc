#include "tools/cli/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ProcessTest : public testing::Test {
 protected:
  ProcessTest()
      : log_(absl::StrCat(testing::TempDir(), "/", testing::UnitTest::GetInstance()->current_test_info()->name())) {}

  absl::StatusOr<pid_t> Start(const std::string& script, absl::Duration patience = absl::Seconds(30)) {
    return StartDaemon({.argv = {"/bin/sh", "-c", script}, .log_file = log_}, absl::Now() + patience);
  }

  const std::string log_;
};

TEST_F(ProcessTest, ReadyProcessRunsOnInItsOwnSession) {
  ASSERT_OK_AND_ASSIGN(const pid_t pid, Start("echo hello; printf '0 ' >&3; exec 3>&-; exec sleep 100"));
  EXPECT_EQ(getsid(pid), pid);
  ASSERT_OK_AND_ASSIGN(const ProcessRef ref, ProcessRef::Open(pid));
  EXPECT_FALSE(ref.WaitForEnd(absl::Now()));
  ref.Signal(SIGKILL);
  EXPECT_TRUE(ref.WaitForEnd(absl::InfiniteFuture()));
  waitpid(pid, nullptr, 0);
  EXPECT_THAT(ReadFile(log_), IsOkAndHolds("hello\n"));
}

TEST_F(ProcessTest, ReportedErrorComesBack) {
  EXPECT_THAT(Start("printf '7 the certificate has expired' >&3"),
              StatusIs(absl::StatusCode::kPermissionDenied, "the certificate has expired"));
}

TEST_F(ProcessTest, SilentDeathShowsTheEndOfTheLog) {
  EXPECT_THAT(Start("echo cannot allocate; exit 1"),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("ended"), HasSubstr(log_), HasSubstr("ends with: cannot allocate"))));
}

TEST_F(ProcessTest, MissingProgramIsASilentDeath) {
  EXPECT_THAT(StartDaemon({.argv = {"/no/such/program"}, .log_file = log_}, absl::Now() + absl::Seconds(30)),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ProcessTest, ProcessThatIsNotReadyInTimeIsKilled) {
  EXPECT_THAT(Start("exec sleep 100", absl::Milliseconds(50)), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // No child is left.
}

TEST_F(ProcessTest, NothingOfThisProcessStaysOpen) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  ASSERT_OK_AND_ASSIGN(const pid_t pid, Start("printf '0 ' >&3; exec 3>&-; exec sleep 100"));
  close(fds[1]);
  char byte;
  EXPECT_EQ(read(fds[0], &byte, 1), 0);  // Would block if the child had the other end.
  close(fds[0]);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST_F(ProcessTest, UnknownProcess) {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  waitpid(pid, nullptr, 0);
  EXPECT_THAT(ProcessRef::Open(pid), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ProcessTest, OwnExecutableIsThisTest) { EXPECT_THAT(OwnExecutable(), IsOkAndHolds(HasSubstr("process_test"))); }

}  // namespace
}  // namespace paranet::cli
