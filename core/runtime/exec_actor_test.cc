#include "core/runtime/exec_actor.h"

#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status_testutil.h"
#include "core/runtime/actor_executor.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Answers with the request, or what it is asked for; gRPC's messages are bytes here.
constexpr char kServer[] = R"py(#!/usr/bin/python3
import os, signal, sys, threading, time
from concurrent import futures
import grpc

def current(request, context):
    if request == b"env":
        return "|".join([os.environ["PARANET_ACTOR_ID"], os.environ["CITY"], str(os.path.isdir(os.environ["PARANET_PACKAGE_DIR"])),
                         str(os.environ.get("SECRET_OF_THE_NODE"))]).encode()
    if request == b"caller":
        return dict(context.invocation_metadata())["paranet-caller"].encode()
    if request == b"wait":
        print("waiting", flush=True)
        time.sleep(1000)
    if request == b"die":
        os._exit(3)
    return request

server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("weather.v1.Weather", {
    "Current": grpc.unary_unary_rpc_method_handler(current),
    "Watch": grpc.unary_stream_rpc_method_handler(lambda request, context: iter([request] * 3)),
})])
server.add_insecure_port("unix:" + os.environ["PARANET_ACTOR_SOCKET"])
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server.start()
server.wait_for_termination()
)py";

class ExecActorTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory folder, TemporaryDirectory::Create("pn"));
    folder_.emplace(std::move(folder));
    spec_.name = "weather@1.0.0";
    spec_.manifest.set_id("weather");
    spec_.manifest.mutable_exec()->add_command("server.py");
    // Far more than a start takes, on a busy machine too.
    spec_.manifest.mutable_limits()->set_start_timeout_ms(60'000);
    spec_.dir = folder_->path() + "/package";
    spec_.work_dir = folder_->path() + "/work";
    ASSERT_OK(MakeDirectories(spec_.dir, 0755));
    spec_.env = {{"CITY", "Oslo"}};
    spec_.skill_sets = {set_};
    spec_.executor = executor_;
    spec_.log = std::make_shared<ActorLog>(spec_.name, MakeNullLogger());
  }
  void Write(absl::string_view program, unsigned mode = 0755) const {
    ASSERT_OK(WriteFileAtomically(spec_.dir + "/server.py", program, mode));
  }
  // How it ended is there once `ended_` is notified.
  absl::StatusOr<std::unique_ptr<ActorProcess>> Start() {
    absl::StatusOr<StartActorProcess> start = MakeExecActor(spec_);
    if (!start.ok()) return start.status();
    return (*start)([this](absl::Status reason) {
      reason_ = std::move(reason);
      ended_.Notify();
    });
  }
  CallContext Context() const { return {.skill_set = set_, .skill = &set_->skills()[0], .caller = "uid:1000"}; }
  struct Pending {
    absl::Notification done;
    UnaryResult result;
  };
  std::shared_ptr<Pending> Begin(ActorProcess& process, absl::string_view request) const {
    auto pending = std::make_shared<Pending>();
    process.CallUnary(Context(), MakePayload(request), [pending](UnaryResult result) {
      pending->result = std::move(result);
      pending->done.Notify();
    });
    return pending;
  }
  absl::StatusOr<std::string> Call(ActorProcess& process, absl::string_view request) const {
    const std::shared_ptr<Pending> pending = Begin(process, request);
    pending->done.WaitForNotification();
    if (!pending->result.status.ok()) return pending->result.status;
    return PayloadToString(pending->result.response);
  }
  // Until the program has printed `line`.
  void WaitForLine(absl::string_view line) const {
    const absl::Time limit = absl::Now() + absl::Seconds(60);
    while (absl::Now() < limit) {
      for (const ActorLog::Line& printed : spec_.log->Tail(0)) {
        if (printed.text == line) return;
      }
    }
    FAIL() << "the program did not print " << line;
  }

  const std::shared_ptr<const SkillSet> set_ = WeatherSkillSet();
  const std::shared_ptr<ActorExecutor> executor_ = std::make_shared<ActorExecutor>();
  std::optional<TemporaryDirectory> folder_;
  ProcessActorSpec spec_;
  absl::Notification ended_;
  absl::Status reason_;
};

TEST_F(ExecActorTest, ServesCallsWithItsConfigurationAndNothingElse) {
  ::setenv("SECRET_OF_THE_NODE", "x", 1);
  Write(kServer);
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ActorProcess> process, Start());
  EXPECT_THAT(Call(*process, "hello"), IsOkAndHolds("hello"));
  EXPECT_THAT(Call(*process, "env"), IsOkAndHolds("weather|Oslo|True|None"));
  EXPECT_THAT(Call(*process, "caller"), IsOkAndHolds("uid:1000"));
  absl::Notification alive;
  process->Ping([&] { alive.Notify(); });
  alive.WaitForNotification();
  EXPECT_FALSE(ended_.HasBeenNotified());
}

TEST_F(ExecActorTest, CallsInFlightHearHowItDied) {
  Write(kServer);
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ActorProcess> process, Start());
  const auto waiting = Begin(*process, "wait");
  WaitForLine("waiting");
  ASSERT_EQ(::kill(static_cast<pid_t>(process->pid()), SIGKILL), 0);
  waiting->done.WaitForNotification();
  EXPECT_THAT(waiting->result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("SIGKILL")));
  ended_.WaitForNotification();
  EXPECT_THAT(std::string(reason_.message()), HasSubstr("SIGKILL"));
  EXPECT_THAT(Call(*process, "hello").status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("SIGKILL")));
}

TEST_F(ExecActorTest, ACallThatEndsItHearsItsExitCode) {
  Write(kServer);
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ActorProcess> process, Start());
  EXPECT_THAT(Call(*process, "die").status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("exit code 3")));
}

TEST_F(ExecActorTest, AStopLetsWhatRunsComeToItsEnd) {
  Write(kServer);
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ActorProcess> process, Start());
  EXPECT_THAT(Call(*process, "hello"), IsOkAndHolds("hello"));
  process->BeginStop();
  ended_.WaitForNotification();
  EXPECT_THAT(std::string(reason_.message()), HasSubstr("exit code 0"));
}

TEST_F(ExecActorTest, ItsEndByTheNodeIsTheEndOfItsCalls) {
  Write(kServer);
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<ActorProcess> process, Start());
  const auto waiting = Begin(*process, "wait");
  WaitForLine("waiting");
  process = nullptr;
  waiting->done.WaitForNotification();
  EXPECT_THAT(waiting->result.status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ExecActorTest, ALongWorkingDirectoryHasItsSocketElsewhere) {
  spec_.work_dir = absl::StrCat(folder_->path(), "/", std::string(120, 'x'));
  Write(kServer);
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ActorProcess> process, Start());
  EXPECT_THAT(Call(*process, "hello"), IsOkAndHolds("hello"));
}

TEST_F(ExecActorTest, AProgramThatEndsAtOnceIsQuoted) {
  Write("#!/bin/sh\necho first\necho no database >&2\nexit 7\n");
  EXPECT_THAT(Start().status(),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("server.py ended before it served gRPC"),
                                                                 HasSubstr("exit code 7"), HasSubstr("no database"))));
  EXPECT_FALSE(ended_.HasBeenNotified());
}

TEST_F(ExecActorTest, AProgramThatNeverListensHasItsTime) {
  spec_.manifest.mutable_limits()->set_start_timeout_ms(300);
  Write("#!/bin/sh\nexec sleep 1000\n");
  EXPECT_THAT(Start().status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("did not open its socket"), HasSubstr("300ms"), HasSubstr("It wrote nothing"))));
}

TEST_F(ExecActorTest, WhatIsNoProgramIsRefusedBeforeItStarts) {
  EXPECT_THAT(Start().status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("No such file")));
  Write(kServer, 0644);
  EXPECT_THAT(Start().status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("chmod +x")));
  for (const char* path : {"../server.py", "/bin/sh", "a//b", "./server.py", ""}) {
    spec_.manifest.mutable_exec()->set_command(0, path);
    EXPECT_THAT(Start().status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("path within the package")));
  }
}

}  // namespace
}  // namespace paranet
