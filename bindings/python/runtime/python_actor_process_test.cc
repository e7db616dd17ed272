// A Python actor in a real process: everything from the decorator to the answer.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "bindings/python/runtime/python_actor_testutil.h"
#include "core/skill/skill_caller.h"
#include "gmock/gmock.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHello[] = R"(
"""Greetings."""
import os, time
from dataclasses import dataclass
from typing import Iterator, Optional
import paranet
from paranet import Context, skill

@dataclass
class Report:
    city: str
    degrees: Optional[float] = None

@skill("hello/greet", idempotent=True)
def greet(name: str, times: int = 1) -> str:
    "Greets somebody."
    return "Hello, " * times + name

@skill("hello/report")
def report(city: str) -> Report:
    return Report(city, 21.5)

@skill("hello/fail")
def fail(how: str) -> None:
    if how == "not-found":
        raise paranet.NotFoundError("no weather report for Atlantis")
    if how == "exit":
        raise SystemExit(3)
    if how == "huge":
        raise ValueError("ä" * 100_000)
    inner(how)

def inner(how: str) -> None:
    raise ValueError("no such thing: " + how)

@skill("hello/lie")
def lie() -> str:
    return 7

@skill("hello/count")
def count(n: int) -> Iterator[int]:
    for i in range(n):
        yield i
    if n == 13:
        raise paranet.FailedPreconditionError("thirteen")

@skill("hello/forever")
def forever(context: Context) -> Iterator[int]:
    try:
        while True:
            yield 1
    finally:
        global closed
        closed = True

closed = False

@skill("hello/closed")
def is_closed() -> bool:
    return closed

@skill("hello/total")
def total(numbers: Iterator[int]) -> int:
    return sum(numbers)

@skill("hello/echo")
def echo(reports: Iterator[Report]) -> Iterator[Report]:
    for item in reports:
        yield Report(item.city.upper())

@skill("hello/context")
def about(context: Context) -> list[str]:
    context.info("somebody asks")
    context.add_trailer("answer", "yes")
    return [context.caller, str(context.deadline is None), ",".join(context.metadata("trace")), str(context.config("KEY")),
            os.environ.get("KEY", ""), str(context.cancelled)]

@skill("hello/sleep")
def sleep(context: Context, seconds: float) -> bool:
    return context.sleep(seconds)

@skill("hello/other")
def other(context: Context, name: str) -> Report:
    return context.call("weather/current", Report(name), Report)

@skill("hello/leave")
def leave() -> None:
    os._exit(3)
)";

TEST_F(PythonActorProcessTest, AnswersUnaryCalls) {
  Start(kHello);
  EXPECT_EQ(Call("greet", R"({"name": "Ada"})").value(), R"({"value":"Hello, Ada"})");
  EXPECT_EQ(Call("greet", R"({"name": "Ada", "times": 2})").value(), R"({"value":"Hello, Hello, Ada"})");
  EXPECT_EQ(Call("greet", R"({"name": "Ada", "times": 0})").value(), R"({"value":"Ada"})");
  EXPECT_EQ(Call("report", R"({"city": "Ōsaka"})").value(), R"({"city":"Ōsaka","degrees":21.5})");
}

TEST_F(PythonActorProcessTest, ErrorsHaveTheirCodes) {
  Start(kHello);
  EXPECT_THAT(Call("fail", R"({"how": "not-found"})").status(),
              StatusIs(absl::StatusCode::kNotFound, "no weather report for Atlantis"));
  // The traceback, with the package's files and none of the runtime's, nor the node's folders.
  const absl::Status status = Call("fail", R"({"how": "x"})").status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal,
                               AllOf(HasSubstr("ValueError: no such thing: x\n"), HasSubstr("\"hello/main.py\", line"),
                                     HasSubstr("in inner"), Not(HasSubstr(dir_->path())))));
  EXPECT_THAT(Call("fail", R"({"how": "exit"})").status(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("SystemExit")));
  const absl::Status huge = Call("fail", R"({"how": "huge"})").status();
  EXPECT_EQ(huge.code(), absl::StatusCode::kInternal);
  EXPECT_LT(huge.message().size(), 8'000U);
  EXPECT_THAT(Call("lie", "{}").status(),
              StatusIs(absl::StatusCode::kInternal, AllOf(HasSubstr("hello/lie"), HasSubstr("hello/main.py:"),
                                                          HasSubstr("expected str, found int"))));
}

TEST_F(PythonActorProcessTest, MalformedRequestsAreRefused) {
  Start(kHello);
  TestUnaryCaller caller;
  process_->CallUnary(Context("greet"), MakePayload("\x0a\x05xy"), caller.Done());
  EXPECT_THAT(caller.Result().status,
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("hello/greet"), HasSubstr("name"))));
}

TEST_F(PythonActorProcessTest, Streams) {
  Start(kHello);
  absl::Status status;
  EXPECT_THAT(Stream("count", {R"({"n": 3})"}, &status),
              ElementsAre(R"({"value":"0"})", R"({"value":"1"})", R"({"value":"2"})"));
  EXPECT_OK(status);
  EXPECT_EQ(Stream("count", {R"({"n": 13})"}, &status).size(), 13U);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, "thirteen"));
  EXPECT_THAT(Stream("total", {R"({"value": 3})", R"({"value": 4})"}, &status), ElementsAre(R"({"value":"7"})"));
  EXPECT_OK(status);
  EXPECT_THAT(Stream("total", {}, &status), ElementsAre(R"({"value":"0"})"));
  EXPECT_THAT(Stream("echo", {R"({"city": "a"})", R"({"city": "b"})"}, &status),
              ElementsAre(HasSubstr("\"A\""), HasSubstr("\"B\"")));
  EXPECT_OK(status);
}

TEST_F(PythonActorProcessTest, ManyMessagesInAStream) {
  Start(kHello);
  absl::Status status;
  EXPECT_EQ(Stream("count", {R"({"n": 5000})"}, &status).size(), 5'000U);
  EXPECT_OK(status);
}

TEST_F(PythonActorProcessTest, AGeneratorIsClosedWhenItsCallerGoes) {
  Start(kHello);
  {
    TestStreamCaller caller(/*room=*/4);
    process_->CallStream(Context("forever"), caller.TakeStream());
    caller.Send("");
    caller.HalfClose();
    ASSERT_TRUE(caller.NextResponse().has_value());
    ASSERT_TRUE(caller.WaitForStalledWrite());
    caller.Cancel();
  }
  const absl::Time patience = absl::Now() + absl::Seconds(20);
  while (Call("closed", "{}").value() != R"({"value":true})") ASSERT_LT(absl::Now(), patience);
}

TEST_F(PythonActorProcessTest, Context) {
  spec_.env = {{"KEY", "value"}};
  Start(kHello);
  TestUnaryCaller caller;
  process_->CallUnary(Context("context"), MakePayload(""), caller.Done());
  ASSERT_OK(caller.Result().status);
  EXPECT_EQ(Response("context", caller.Result().response),
            R"({"value":["paranet://acme/node/alpha","True","a,b","value","value","False"]})");
  EXPECT_THAT(caller.Result().trailers, ElementsAre(std::make_pair("answer", "yes")));
}

TEST_F(PythonActorProcessTest, SleepEndsWithTheDeadline) {
  Start(kHello);
  EXPECT_EQ(Call("sleep", R"({"seconds": 0.01})").value(), R"({"value":true})");
  // What the handler says when its sleep has ended may come a moment before the call's own end.
  const absl::StatusOr<std::string> cut = Call("sleep", R"({"seconds": 1000})", absl::Milliseconds(50));
  if (cut.ok()) {
    EXPECT_NE(*cut, R"({"value":true})");
  } else {
    EXPECT_THAT(cut.status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  }
  // It serves on.
  EXPECT_OK(Call("greet", R"({"name": "Ada"})").status());
}

TEST_F(PythonActorProcessTest, ItsEndIsTold) {
  Start(kHello);
  EXPECT_THAT(Call("leave", "{}").status(), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_TRUE(ended_.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_THAT(std::string(reason_.message()), HasSubstr("exit code 3"));
}

TEST_F(PythonActorProcessTest, EndsWhenItIsAsked) {
  Start(kHello);
  EXPECT_OK(Call("greet", R"({"name": "Ada"})").status());
  process_->BeginStop();
  EXPECT_TRUE(ended_.WaitForNotificationWithTimeout(kTestPatience));
}

class FakeCaller final : public SkillCaller {
 public:
  std::shared_ptr<CallHandle> CallUnary(absl::string_view skill, CallOrigin origin, Payload request,
                                        UnaryDone done) override {
    class Handle final : public CallHandle {
      void Cancel() override {}
    };
    const std::string bytes = PayloadToString(request);
    UnaryResult result;
    if (skill != "weather/current" || origin.caller != "paranet://acme/node/alpha") {
      result.status = absl::NotFoundError(absl::StrCat("no skill ", skill, " for ", origin.caller));
    } else if (absl::StrContains(bytes, "Atlantis")) {
      result.status = absl::NotFoundError("no such city");
    } else {
      result.response = MakePayload(absl::StrCat(bytes, std::string("\x11\0\0\0\0\0\0\xf0\x3f", 9)));
    }
    done(std::move(result));
    return std::make_shared<Handle>();
  }
  void CallStream(absl::string_view, CallOrigin, std::shared_ptr<ServerStream> stream) override {
    stream->Finish(absl::UnimplementedError("no streams here"), {});
  }
};

TEST_F(PythonActorProcessTest, CallsOtherSkills) {
  spec_.caller = std::make_shared<FakeCaller>();
  Start(kHello);
  EXPECT_EQ(Call("other", R"({"name": "Oslo"})").value(), R"({"city":"Oslo","degrees":1})");
  EXPECT_THAT(Call("other", R"({"name": "Atlantis"})").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such city")));
}

constexpr char kAsync[] = R"(
import asyncio
from typing import AsyncIterator
from paranet import Context, skill

running = 0
cancelled = 0
free = None

@skill("hello/wait")
async def wait(context: Context) -> str:
    global running, cancelled, free
    free = free or asyncio.Event()
    running += 1
    try:
        await free.wait()
    except asyncio.CancelledError:
        cancelled += 1
        raise
    return context.caller + ",".join(context.metadata("trace"))

@skill("hello/state")
def state() -> list[int]:
    return [running, cancelled]

@skill("hello/free")
async def set_free() -> None:
    free.set()

@skill("hello/fail")
async def fail() -> None:
    await asyncio.sleep(0)
    raise ValueError("later")

@skill("hello/count")
async def count(n: int) -> AsyncIterator[int]:
    for i in range(n):
        await asyncio.sleep(0)
        yield i

@skill("hello/total")
async def total(numbers: AsyncIterator[int]) -> int:
    return sum([n async for n in numbers])

@skill("hello/echo")
async def echo(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    async for text in texts:
        yield text.upper()

@skill("hello/other")
async def other(context: Context) -> bytes:
    return await context.call_async("weather/current", b"\x0a\x01x")
)";

TEST_F(PythonActorProcessTest, AsyncCallsWaitForEachOther) {
  Start(kAsync);
  TestUnaryCaller callers[8];
  for (TestUnaryCaller& caller : callers) process_->CallUnary(Context("wait"), MakePayload(""), caller.Done());
  const absl::Time patience = absl::Now() + absl::Seconds(20);
  while (Call("state", "{}").value() != R"({"value":["8","0"]})") ASSERT_LT(absl::Now(), patience);
  EXPECT_OK(Call("free", "{}").status());
  for (TestUnaryCaller& caller : callers) {
    ASSERT_OK(caller.Result().status);
    EXPECT_EQ(Response("wait", caller.Result().response), R"({"value":"paranet://acme/node/alphaa,b"})");
  }
}

TEST_F(PythonActorProcessTest, AsyncCallsAreCancelled) {
  Start(kAsync);
  EXPECT_THAT(Call("wait", "{}", absl::Milliseconds(50)).status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  TestUnaryCaller caller;
  const std::shared_ptr<CallHandle> handle = process_->CallUnary(Context("wait"), MakePayload(""), caller.Done());
  handle->Cancel();
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kCancelled));
  const absl::Time patience = absl::Now() + absl::Seconds(20);
  while (Call("state", "{}").value() != R"({"value":["2","2"]})" &&
         Call("state", "{}").value() != R"({"value":["1","1"]})") {
    ASSERT_LT(absl::Now(), patience);
  }
}

TEST_F(PythonActorProcessTest, AsyncErrorsAndStreams) {
  Start(kAsync);
  EXPECT_THAT(Call("fail", "{}").status(),
              StatusIs(absl::StatusCode::kInternal, AllOf(HasSubstr("ValueError: later"), HasSubstr("hello/main.py"))));
  absl::Status status;
  EXPECT_EQ(Stream("count", {R"({"n": 200})"}, &status).size(), 200U);
  EXPECT_OK(status);
  EXPECT_THAT(Stream("total", {R"({"value": 3})", R"({"value": 4})"}, &status), ElementsAre(R"({"value":"7"})"));
  EXPECT_OK(status);
  EXPECT_THAT(Stream("echo", {R"({"value": "a"})", R"({"value": "b"})"}, &status),
              ElementsAre(R"({"value":"A"})", R"({"value":"B"})"));
  EXPECT_OK(status);
}

TEST_F(PythonActorProcessTest, AsyncCallsOtherSkillsAndEnds) {
  spec_.caller = std::make_shared<FakeCaller>();
  Start(kAsync);
  EXPECT_OK(Call("other", "{}").status());
  process_->BeginStop();
  EXPECT_TRUE(ended_.WaitForNotificationWithTimeout(kTestPatience));
}

struct BadModule {
  const char* name;
  const char* source;
  const char* message;
};

class BadModuleTest : public PythonActorProcessTest, public testing::WithParamInterface<BadModule> {};

TEST_P(BadModuleTest, IsRefusedWithItsReason) {
  Write(kHello);
  ASSERT_OK_AND_ASSIGN(const std::string descriptors, DescribePythonModule(runtime_, spec_.dir, "hello.main"));
  ASSERT_OK_AND_ASSIGN(set_, SkillSet::Create(descriptors, "hello.v1.Hello"));
  spec_.skill_sets = {set_};
  Write(GetParam().source);
  EXPECT_THAT(DescribePythonModule(runtime_, spec_.dir, "hello.main").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().message)));
  EXPECT_THAT(StartProcess().status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadModuleTest,
    testing::Values(BadModule{"Syntax", "def f(:\n", "SyntaxError"},
                    BadModule{"Exception", "import paranet\nraise RuntimeError('no luck')\n", "RuntimeError: no luck"},
                    BadModule{"Import", "import nothing_of_this_name\n", "nothing_of_this_name"},
                    BadModule{"Exit", "import sys\nsys.exit('gone')\n", "SystemExit: gone"},
                    BadModule{"NoSkills", "x = 1\n", "expected functions with @skill"},
                    BadModule{"Hint", "import paranet\n@paranet.skill('hello/x')\ndef f(x: set) -> None: ...\n",
                              "hello/main.py:2"}),
    [](const testing::TestParamInfo<BadModule>& test) { return test.param.name; });

}  // namespace
}  // namespace paranet
