#include "core/runtime/native_provider.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/runtime/actor_log.h"
#include "core/runtime/native_provider_testutil.h"
#include "gmock/gmock.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(NativeProviderTest, AnswersAUnaryCall) {
  actor_.unary = [&](paranet_call call, std::string request) { actor_.Respond(call, "re: " + request); };
  Start();
  EXPECT_EQ(provider_->name(), "weather@1.0.0");
  EXPECT_EQ(provider_->kind(), Provider::Kind::kActor);
  EXPECT_TRUE(provider_->available());
  TestUnaryCaller caller;
  Call(caller, "Oslo");
  EXPECT_OK(caller.Result().status);
  EXPECT_EQ(PayloadToString(caller.Result().response), "re: Oslo");
  EXPECT_EQ(provider_->outstanding(), 0);
}

TEST_F(NativeProviderTest, ActorSeesWhoCallsAndTheDeadlineAndTheMetadata) {
  const absl::Duration timeout = absl::Hours(1);
  std::vector<std::string> seen;
  int64_t deadline = 0;
  actor_.unary = [&](paranet_call call, std::string) {
    const paranet_text caller = actor_.host->caller(actor_.host, call);
    seen.emplace_back(caller.data, caller.size);
    paranet_text value;
    for (size_t i = 0; actor_.host->metadata(actor_.host, call, {"trace", 5}, i, &value) == 1; ++i) {
      seen.emplace_back(value.data, value.size);
    }
    EXPECT_EQ(actor_.host->metadata(actor_.host, call, {"none", 4}, 0, &value), 0);
    deadline = actor_.host->deadline(actor_.host, call);
    EXPECT_EQ(actor_.host->is_cancelled(actor_.host, call), 0);
    EXPECT_EQ(actor_.host->add_trailer(actor_.host, call, {"cost", 4}, {"3", 1}), 1);
    actor_.Respond(call, "");
  };
  Start();
  TestUnaryCaller caller;
  const CallContext context = Context(TestActor::kCurrent, timeout);
  provider_->CallUnary(context, MakePayload(""), caller.Done());
  EXPECT_OK(caller.Result().status);
  EXPECT_THAT(caller.Result().trailers, ElementsAre(std::make_pair("cost", "3")));
  EXPECT_THAT(seen, ElementsAre("uid:1000", "a", "c"));
  EXPECT_EQ(deadline, absl::ToUnixMicros(context.deadline));
}

TEST_F(NativeProviderTest, ErrorsKeepCodeAndMessageAndUnknownCodesBecomeUnknown) {
  actor_.unary = [&](paranet_call call, std::string request) { actor_.Fail(call, std::stoi(request), "because"); };
  Start();
  TestUnaryCaller not_found;
  Call(not_found, "5");
  EXPECT_THAT(not_found.Result().status, StatusIs(absl::StatusCode::kNotFound, "because"));
  TestUnaryCaller unknown;
  Call(unknown, "99");
  EXPECT_THAT(unknown.Result().status, StatusIs(absl::StatusCode::kUnknown, "because"));
}

TEST_F(NativeProviderTest, AnswerMayComeLaterFromAnotherThread) {
  absl::Notification started;
  absl::Notification go;
  std::thread later;
  actor_.unary = [&](paranet_call call, std::string) {
    later = std::thread([&, call] {
      go.WaitForNotification();
      actor_.Respond(call, "later");
    });
    started.Notify();
  };
  Start();
  TestUnaryCaller caller;
  Call(caller);
  started.WaitForNotification();
  EXPECT_EQ(provider_->outstanding(), 1);
  EXPECT_FALSE(caller.done());
  go.Notify();
  EXPECT_EQ(PayloadToString(caller.Result().response), "later");
  later.join();
}

TEST_F(NativeProviderTest, HandlersRunOneAtATimeWithoutALockOfTheirOwn) {
  int unguarded = 0;
  actor_.unary = [&](paranet_call call, std::string) {
    ++unguarded;
    actor_.Respond(call, "");
  };
  actor_.stream = [&](size_t, paranet_call call) {
    for (int i = 0; i < 50; ++i) {
      ++unguarded;
      actor_.Write(call, "x");
    }
    actor_.Finish(call);
  };
  Start();
  std::vector<TestUnaryCaller> callers(500);
  std::vector<TestStreamCaller> streams(4);
  for (TestStreamCaller& stream : streams) provider_->CallStream(Context(TestActor::kWatch), stream.TakeStream());
  for (TestUnaryCaller& caller : callers) Call(caller);
  for (TestUnaryCaller& caller : callers) EXPECT_OK(caller.Result().status);
  for (TestStreamCaller& stream : streams) EXPECT_OK(stream.WaitForStatus());
  Stop(absl::InfiniteFuture());
  EXPECT_EQ(unguarded, 700);
}

TEST_F(NativeProviderTest, UnaryCallsRunWhileAStreamWaitsForItsCaller) {
  actor_.unary = [&](paranet_call call, std::string) { actor_.Respond(call, "in between"); };
  absl::Notification reading;
  actor_.stream = [&](size_t, paranet_call call) {
    std::string message;
    reading.Notify();
    while (actor_.Read(call, &message)) {
    }
    actor_.Finish(call);
  };
  Start();
  TestStreamCaller stream;
  provider_->CallStream(Context(TestActor::kChat), stream.TakeStream());
  reading.WaitForNotification();
  TestUnaryCaller caller;
  Call(caller);
  EXPECT_EQ(PayloadToString(caller.Result().response), "in between");
  stream.HalfClose();
  EXPECT_OK(stream.WaitForStatus());
}

TEST_F(NativeProviderTest, ConcurrentHandlersRunAtTheSameTime) {
  std::atomic<int> inside = 0;
  absl::Notification both;
  actor_.unary = [&](paranet_call call, std::string) {
    if (++inside == 2) both.Notify();
    both.WaitForNotification();
    actor_.Respond(call, "");
  };
  Start({.concurrent = true});
  TestUnaryCaller a;
  TestUnaryCaller b;
  Call(a);
  Call(b);
  EXPECT_OK(a.Result().status);
  EXPECT_OK(b.Result().status);
}

TEST_F(NativeProviderTest, FullMailboxRefusesAtOnce) {
  absl::Notification begun;
  absl::Notification go;
  actor_.unary = [&](paranet_call call, std::string) {
    if (!begun.HasBeenNotified()) begun.Notify();
    go.WaitForNotification();
    actor_.Respond(call, "");
  };
  Start({.mailbox = 2});
  TestUnaryCaller running;
  TestUnaryCaller waiting;
  TestUnaryCaller refused;
  Call(running);
  begun.WaitForNotification();
  Call(waiting);
  Call(refused);
  ASSERT_TRUE(refused.done());
  EXPECT_THAT(refused.Result().status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("weather@1.0.0 already has 2 calls")));
  EXPECT_TRUE(refused.Result().unprocessed);
  go.Notify();
  EXPECT_OK(running.Result().status);
  EXPECT_OK(waiting.Result().status);
}

TEST_F(NativeProviderTest, TooManyStreamsAreRefusedAtOnce) {
  actor_.stream = [&](size_t, paranet_call call) {
    std::string message;
    while (actor_.Read(call, &message)) {
    }
    actor_.Finish(call);
  };
  Start({.streams = 1});
  TestStreamCaller first;
  TestStreamCaller second;
  provider_->CallStream(Context(TestActor::kChat), first.TakeStream());
  provider_->CallStream(Context(TestActor::kChat), second.TakeStream());
  EXPECT_TRUE(second.finished());
  EXPECT_THAT(second.WaitForStatus(), StatusIs(absl::StatusCode::kResourceExhausted));
  first.HalfClose();
  EXPECT_OK(first.WaitForStatus());
}

TEST_F(NativeProviderTest, StreamsAreRefusedWhenTheNodeHasNoThreadForThem) {
  auto small = std::make_shared<ActorExecutor>(ActorExecutorOptions{.max_long_threads = 0});
  ASSERT_OK_AND_ASSIGN(const auto module, LibraryModule::FromTable(TestActor::Module(), "test_actor"));
  ASSERT_OK_AND_ASSIGN(provider_, NativeProvider::Start(module, {.id = "w", .name = "w@1", .config = actor_.Config()},
                                                        small, MakeNullLogger()));
  TestStreamCaller caller;
  provider_->CallStream(Context(TestActor::kChat), caller.TakeStream());
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("no thread left")));
  EXPECT_EQ(provider_->outstanding(), 0);
  Stop(absl::InfiniteFuture());
}

TEST_F(NativeProviderTest, DeadlineIsKeptEvenIfTheActorHangs) {
  absl::Notification go;
  std::atomic<int> ran = 0;
  actor_.unary = [&](paranet_call call, std::string) {
    ++ran;
    go.WaitForNotification();
    EXPECT_EQ(actor_.host->is_cancelled(actor_.host, call), 1);
    actor_.Respond(call, "too late");
  };
  Start();
  TestUnaryCaller hanging;
  TestUnaryCaller waiting;
  Call(hanging, "", absl::Milliseconds(20));
  Call(waiting, "", absl::Milliseconds(20));
  EXPECT_THAT(hanging.Result().status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(waiting.Result().status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(waiting.Result().unprocessed);
  EXPECT_EQ(provider_->outstanding(), 0);
  go.Notify();
  Stop(absl::InfiniteFuture());
  EXPECT_EQ(ran, 1);
}

TEST_F(NativeProviderTest, CallWhoseDeadlineHasPassedDoesNotReachTheActor) {
  actor_.unary = [](paranet_call, std::string) { ADD_FAILURE() << "must not run"; };
  Start();
  TestUnaryCaller caller;
  Call(caller, "", -absl::Seconds(1));
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(caller.Result().unprocessed);
}

TEST_F(NativeProviderTest, DeadlineEndsAStreamWhoseHandlerIgnoresIt) {
  absl::Notification go;
  actor_.stream = [&](size_t, paranet_call call) {
    go.WaitForNotification();
    std::string message;
    EXPECT_FALSE(actor_.Read(call, &message));
    actor_.Finish(call);
  };
  Start();
  TestStreamCaller caller;
  provider_->CallStream(Context(TestActor::kChat, absl::Milliseconds(20)), caller.TakeStream());
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  go.Notify();
  Stop(absl::InfiniteFuture());
}

TEST_F(NativeProviderTest, CancelEndsTheCallAtOnceAndTellsTheHandler) {
  absl::Notification begun;
  actor_.unary = [&](paranet_call call, std::string) {
    begun.Notify();
    EXPECT_EQ(actor_.host->wait(actor_.host, call, 3'600'000'000), 0);
    actor_.Respond(call, "");
  };
  Start();
  TestUnaryCaller caller;
  const auto handle = Call(caller);
  begun.WaitForNotification();
  handle->Cancel();
  handle->Cancel();
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_FALSE(caller.Result().unprocessed);
  Stop(absl::InfiniteFuture());
}

TEST_F(NativeProviderTest, ServesEachShapeOfStream) {
  actor_.stream = [&](size_t method, paranet_call call) {
    std::string all;
    std::string message;
    while (actor_.Read(call, &message)) {
      all += message;
      if (method == TestActor::kChat) actor_.Write(call, "echo " + message);
    }
    if (method == TestActor::kReport) actor_.Write(call, all);
    actor_.Finish(call);
  };
  Start();
  TestStreamCaller report;
  provider_->CallStream(Context(TestActor::kReport), report.TakeStream());
  report.Send("a");
  report.Send("b");
  report.HalfClose();
  EXPECT_EQ(report.NextResponse(), "ab");
  EXPECT_OK(report.WaitForStatus());

  TestStreamCaller chat;
  provider_->CallStream(Context(TestActor::kChat), chat.TakeStream());
  chat.Send("1");
  EXPECT_EQ(chat.NextResponse(), "echo 1");
  chat.Send("2");
  EXPECT_EQ(chat.NextResponse(), "echo 2");
  chat.HalfClose();
  EXPECT_OK(chat.WaitForStatus());
}

TEST_F(NativeProviderTest, HandlerThatReturnsWithoutFinishEndsWithInternal) {
  Start();
  TestStreamCaller caller;
  provider_->CallStream(Context(TestActor::kWatch), caller.TakeStream());
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kInternal, HasSubstr("without a status")));
}

TEST_F(NativeProviderTest, ExceptionsBecomeInternalAndTheActorLivesOn) {
  actor_.unary = [&](paranet_call call, std::string request) {
    if (request == "throw") throw std::runtime_error("oh dear");
    actor_.Respond(call, "fine");
  };
  actor_.stream = [](size_t, paranet_call) { throw 7; };
  Start();
  TestUnaryCaller thrown;
  Call(thrown, "throw");
  EXPECT_THAT(thrown.Result().status, StatusIs(absl::StatusCode::kInternal, HasSubstr("oh dear")));
  TestStreamCaller stream;
  provider_->CallStream(Context(TestActor::kWatch), stream.TakeStream());
  EXPECT_THAT(stream.WaitForStatus(), StatusIs(absl::StatusCode::kInternal));
  TestUnaryCaller fine;
  Call(fine);
  EXPECT_OK(fine.Result().status);
}

TEST_F(NativeProviderTest, WrongShapeIsUnimplemented) {
  Start();
  TestUnaryCaller unary;
  provider_->CallUnary(Context(TestActor::kWatch), MakePayload(""), unary.Done());
  EXPECT_THAT(unary.Result().status, StatusIs(absl::StatusCode::kUnimplemented));
  TestStreamCaller stream;
  provider_->CallStream(Context(TestActor::kCurrent), stream.TakeStream());
  EXPECT_THAT(stream.WaitForStatus(), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(NativeProviderTest, OtherCallsRunWhileAUnaryHandlerWaits) {
  absl::Notification waiting;
  actor_.unary = [&](paranet_call call, std::string request) {
    if (request == "slow") {
      waiting.Notify();
      actor_.host->wait(actor_.host, call, absl::ToInt64Microseconds(absl::Hours(1)));
      return;
    }
    actor_.Respond(call, "in between");
  };
  Start();
  TestUnaryCaller slow;
  const std::shared_ptr<CallHandle> handle = Call(slow, "slow");
  waiting.WaitForNotification();
  std::vector<TestUnaryCaller> callers(100);
  for (TestUnaryCaller& caller : callers) Call(caller, "quick");
  for (TestUnaryCaller& caller : callers) EXPECT_OK(caller.Result().status);
  handle->Cancel();
  EXPECT_THAT(slow.Result().status, StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(NativeProviderTest, AGreedyCallerDoesNotKeepOthersWaiting) {
  absl::Notification go;
  std::vector<std::string> order;
  actor_.unary = [&](paranet_call call, std::string request) {
    go.WaitForNotification();
    order.push_back(request);
    actor_.Respond(call, "");
  };
  Start({.mailbox = 100, .per_caller = 20});
  std::vector<TestUnaryCaller> greedy(21);
  TestUnaryCaller modest;
  auto call = [&](TestUnaryCaller& caller, const std::string& who) {
    CallContext context = Context(TestActor::kCurrent);
    context.caller = who;
    provider_->CallUnary(context, MakePayload(who), caller.Done());
  };
  for (TestUnaryCaller& caller : greedy) call(caller, "greedy");
  call(modest, "modest");
  ASSERT_TRUE(greedy.back().done());
  EXPECT_THAT(greedy.back().Result().status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("greedy")));
  go.Notify();
  EXPECT_OK(modest.Result().status);
  for (size_t i = 0; i < 20; ++i) EXPECT_OK(greedy[i].Result().status);
  Stop(absl::InfiniteFuture());
  // One greedy call may have begun before the modest one came; the modest one's turn is next, or after one more.
  const auto turn = std::find(order.begin(), order.end(), "modest");
  EXPECT_LE(turn - order.begin(), 2);
}

TEST_F(NativeProviderTest, RunHereRunsTheHandlerOnTheCallersThread) {
  std::thread::id ran;
  actor_.unary = [&](paranet_call call, std::string) {
    ran = std::this_thread::get_id();
    actor_.Respond(call, "here");
  };
  Start();
  TestUnaryCaller caller;
  CallContext context = Context(TestActor::kCurrent);
  context.run_here = true;
  const std::shared_ptr<CallHandle> handle = provider_->CallUnary(context, MakePayload(""), caller.Done());
  EXPECT_FALSE(caller.done());
  handle->RunHere();
  EXPECT_TRUE(caller.done());
  EXPECT_EQ(PayloadToString(caller.Result().response), "here");
  EXPECT_EQ(ran, std::this_thread::get_id());
  EXPECT_EQ(provider_->outstanding(), 0);
}

TEST_F(NativeProviderTest, RunHereOfABusyActorWaitsForItsTurn) {
  absl::Notification begun;
  absl::Notification go;
  actor_.unary = [&](paranet_call call, std::string request) {
    if (request == "first") {
      begun.Notify();
      go.WaitForNotification();
    }
    actor_.Respond(call, request);
  };
  Start();
  TestUnaryCaller first;
  TestUnaryCaller second;
  Call(first, "first");
  begun.WaitForNotification();
  CallContext context = Context(TestActor::kCurrent);
  context.run_here = true;
  provider_->CallUnary(context, MakePayload("second"), second.Done())->RunHere();
  EXPECT_FALSE(second.done());
  go.Notify();
  EXPECT_EQ(PayloadToString(second.Result().response), "second");
  EXPECT_OK(first.Result().status);
}

TEST_F(NativeProviderTest, ACancelledCallIsRunNowhere) {
  bool ran = false;
  actor_.unary = [&](paranet_call, std::string) { ran = true; };
  Start();
  for (void (CallHandle::*const run)() : {&CallHandle::RunHere, &CallHandle::RunElsewhere}) {
    TestUnaryCaller caller;
    CallContext context = Context(TestActor::kCurrent);
    context.run_here = true;
    const std::shared_ptr<CallHandle> handle = provider_->CallUnary(context, MakePayload(""), caller.Done());
    handle->Cancel();
    EXPECT_TRUE(caller.Result().unprocessed);
    ((*handle).*run)();
  }
  // Waits for those that would run elsewhere.
  Stop(absl::InfiniteFuture());
  EXPECT_FALSE(ran);
}

TEST_F(NativeProviderTest, RunElsewhereRunsTheHandlerOnAnotherThread) {
  std::thread::id ran;
  actor_.unary = [&](paranet_call call, std::string) {
    ran = std::this_thread::get_id();
    actor_.Respond(call, "there");
  };
  Start();
  TestUnaryCaller caller;
  CallContext context = Context(TestActor::kCurrent);
  context.run_here = true;
  provider_->CallUnary(context, MakePayload(""), caller.Done())->RunElsewhere();
  EXPECT_EQ(PayloadToString(caller.Result().response), "there");
  EXPECT_NE(ran, std::this_thread::get_id());
  Stop(absl::InfiniteFuture());
  EXPECT_EQ(provider_->outstanding(), 0);
}

TEST_F(NativeProviderTest, TheActorsLinesAreInItsLog) {
  auto log = std::make_shared<ActorLog>("weather@1.0.0", MakeNullLogger());
  actor_.unary = [&](paranet_call call, std::string) {
    actor_.host->log(actor_.host, PARANET_LOG_WARNING, {"rain", 4});
    actor_.Respond(call, "");
    actor_.Respond(call, "");
  };
  Start({.log = log});
  TestUnaryCaller caller;
  Call(caller);
  EXPECT_OK(caller.Result().status);
  Stop(absl::InfiniteFuture());
  ASSERT_EQ(log->Tail(0).size(), 2u);
  EXPECT_EQ(log->Tail(0)[0].level, ActorLog::Level::kWarning);
  EXPECT_EQ(log->Tail(0)[0].text, "rain");
  EXPECT_THAT(log->Tail(0)[1].text, HasSubstr("respond for the second time"));
}

}  // namespace
}  // namespace paranet
