// Whatever a worker does, or is done to it: its calls end with a reason, it comes back, and nobody else notices.
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/isolation/hostile_package.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

class FailureTest : public HostilePackageTest {
 protected:
  // Load on the good actor while `body` harms the bad one: no call of it may fail.
  template <typename Body>
  void UnderLoad(const std::string& what, Body body) {
    std::atomic<bool> stop = false;
    std::atomic<int> calls = 0;
    std::atomic<int> errors = 0;
    std::thread load([&] {
      while (!stop) {
        const UnaryResult result = Begin(1, "echo y", absl::Seconds(20))->Await();
        ++calls;
        if (!result.status.ok()) ++errors;
      }
    });
    const absl::Time began = absl::Now();
    body();
    EXPECT_TRUE(AwaitRecovery()) << what << ": " << Info().ShortDebugString();
    const absl::Duration took = absl::Now() - began;
    stop = true;
    load.join();
    EXPECT_EQ(errors, 0) << what;
    EXPECT_GT(calls, 0) << what;
    std::printf("%s: answers again after %s; %d calls of the other actor meanwhile, %d errors\n", what.c_str(),
                absl::FormatDuration(took).c_str(), calls.load(), errors.load());
  }
  // The bad actor is told to do something that ends it.
  void Ends(const std::string& words, const std::string& reason) {
    UnderLoad(words, [&] {
      const UnaryResult result = Begin(0, words)->Await();
      EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable) << words << ": " << result.status;
      EXPECT_THAT(std::string(result.status.message()), HasSubstr(reason)) << words;
      EXPECT_FALSE(result.unprocessed) << words;
    });
    EXPECT_THAT(Info().last_error(), HasSubstr(reason));
  }
};

TEST_F(FailureTest, ServesCallsAndStreamsAndLogs) {
  ASSERT_OK(Start());
  EXPECT_EQ(Do("echo hello"), "hello");
  EXPECT_EQ(Do("log careful"), "ok");
  EXPECT_EQ(Do("print printed"), "ok");
  TestStreamCaller stream;
  package_->offers()[0].provider->CallStream(Context(0, 1, absl::InfiniteDuration()), stream.TakeStream());
  stream.Send("500");
  for (int i = 0; i < 500; ++i) EXPECT_EQ(stream.NextResponse(), absl::StrCat(i));
  EXPECT_OK(stream.WaitForStatus());
  const v1::ActorInfo info = Info();
  EXPECT_EQ(info.name(), "bad@1.0.0");
  EXPECT_EQ(info.state(), v1::ActorInfo::RUNNING);
  EXPECT_EQ(info.isolation(), v1::ActorManifest::PROCESS);
  EXPECT_GT(info.pid(), 0);
  EXPECT_EQ(info.restarts(), 0U);
  EXPECT_THAT(info.confinement(), testing::Contains("seccomp"));
  std::string lines;
  for (const absl::Time end = absl::Now() + kTestPatience;
       absl::Now() < end && lines.find("printed") == std::string::npos; std::this_thread::yield()) {
    lines.clear();
    for (const ActorLog::Line& line : package_->log(0).Tail(0)) absl::StrAppend(&lines, line.text, "\n");
  }
  EXPECT_THAT(lines, AllOf(HasSubstr("careful"), HasSubstr("printed")));
}

TEST_F(FailureTest, EndsOfEveryKindAreReasonsAndPassOver) {
  ASSERT_OK(Start());
  Ends("abort", "killed by signal 6 (SIGABRT)");
  Ends("exit 3", "exit code 3");
  Ends("crash", "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(Info().restarts(), 3U);
  EXPECT_EQ(Info(1).restarts(), 0U);
}

TEST_F(FailureTest, AnExceptionIsAnErrorOfTheCallAlone) {
  ASSERT_OK(Start());
  EXPECT_THAT(Do("throw"), AllOf(HasSubstr("INTERNAL"), HasSubstr("thrown")));
  EXPECT_EQ(Do("echo x"), "x");
  EXPECT_EQ(Info().restarts(), 0U);
}

TEST_F(FailureTest, Sigkill) {
  ASSERT_OK(Start());
  UnderLoad("SIGKILL", [this] {
    const auto call = Begin(0, "wait 60000000");
    EXPECT_EQ(::kill(static_cast<pid_t>(Info().pid()), SIGKILL), 0);
    EXPECT_THAT(call->Await().status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("SIGKILL")));
  });
}

TEST_F(FailureTest, Sigstop) {
  ASSERT_OK(Start());
  UnderLoad("SIGSTOP", [this] {
    EXPECT_EQ(::kill(static_cast<pid_t>(Info().pid()), SIGSTOP), 0);
    EXPECT_THAT(Begin(0, "echo x")->Await().status, StatusIs(absl::StatusCode::kUnavailable));
  });
  EXPECT_THAT(Info().last_error(), HasSubstr("it hung"));
}

TEST_F(FailureTest, AHandlerThatNeverReturns) {
  ASSERT_OK(Start());
  UnderLoad("endless handler", [this] {
    EXPECT_THAT(Begin(0, "spin", absl::Milliseconds(100))->Await().status,
                StatusIs(absl::StatusCode::kDeadlineExceeded));
  });
  EXPECT_THAT(Info().last_error(), HasSubstr("it hung"));
}

TEST_F(FailureTest, OutOfMemory) {
  ASSERT_OK(Start());
  Ends("eat", "out of memory");
}

TEST_F(FailureTest, AForkBombIsRefusedAndAThreadBombIsBounded) {
  bad().mutable_limits()->set_processes(100);
  ASSERT_OK(Start());
  EXPECT_EQ(Do("fork"), "refused 1");
  UnderLoad("thread bomb", [this] {
    const std::string started = Do("threads");
    EXPECT_THAT(started, AnyOf(HasSubstr("ok "), HasSubstr("UNAVAILABLE")));
    std::printf("threads: %s\n", started.c_str());
    ::kill(static_cast<pid_t>(Info().pid()), SIGKILL);
  });
}

TEST_F(FailureTest, AWorkerThatBreaksTheProtocolIsCutOff) {
  ASSERT_OK(Start());
  Ends("garbage", "has broken the protocol");
  Ends("close", "exit code 2");
}

TEST_F(FailureTest, OnesThatDoNotStartSayWhy) {
  (*bad().mutable_env())["fail"] = "yes";
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInvalidArgument,
                                AllOf(HasSubstr("actor bad"), HasSubstr("it was told to fail"))));
  bad().clear_env();
  (*bad().mutable_env())["die"] = "yes";
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("exit code 7")));
  bad().clear_env();
  (*bad().mutable_env())["sleep"] = "yes";
  bad().mutable_limits()->set_start_timeout_ms(300);
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did not start within 300ms")));
  bad().clear_env();
  ASSERT_OK(WriteFileAtomically(Path("package/lib.so"), "no library"));
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("lib.so does not load")));
}

TEST_F(FailureTest, StoppingLetsCallsEndAndThenTheProcess) {
  ASSERT_OK(Start());
  const auto call = Begin(0, "wait 200000");
  const auto pid = static_cast<pid_t>(Info().pid());
  package_->Stop(absl::Now() + kTestPatience);
  EXPECT_OK(call->Await().status);
  EXPECT_NE(::kill(pid, 0), 0) << "it is gone";
}

}  // namespace
}  // namespace paranet
