#include "core/runtime/outgoing_calls.h"

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "core/routing/node_skill_caller.h"
#include "core/routing/router.h"
#include "core/runtime/native_provider_testutil.h"
#include "core/skill/catalogue.h"
#include "gmock/gmock.h"

namespace paranet {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();
constexpr absl::string_view kSelf = "weather/current~1";
constexpr absl::string_view kOther = "/weather.v1.Weather/Current~2";
constexpr absl::string_view kOtherChat = "weather/chat~2";

// How an outgoing call ended.
struct Outcome {
  int32_t code = -1;
  std::string text;
};

// What paranet_host.call was given to end with. Outlives the call.
class AsyncResult {
 public:
  static void Done(void* user, int32_t code, paranet_text message, paranet_bytes response) {
    AsyncResult& self = *static_cast<AsyncResult*>(user);
    if (self.on_done) self.on_done();
    absl::MutexLock lock(&self.mu_);
    self.outcome_ = {code, code == 0 ? std::string(static_cast<const char*>(response.data), response.size)
                                     : std::string(message.data, message.size)};
    ++self.times_;
  }
  Outcome Wait() {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(
                             +[](int* times) { return *times > 0; }, &times_),
                         kTestPatience);
    return outcome_;
  }
  int times() {
    absl::MutexLock lock(&mu_);
    return times_;
  }

  std::function<void()> on_done;

 private:
  absl::Mutex mu_;
  int times_ ABSL_GUARDED_BY(mu_) = 0;
  Outcome outcome_ ABSL_GUARDED_BY(mu_);
};

// The actor under test serves version 1 of the weather's skills; a FakeProvider, `other_`, version 2.
class OutgoingCallsTest : public NativeProviderTest {
 protected:
  void SetUp() override { ASSERT_OK(catalogue_.Offer(other_, {WeatherSkillSet("2.0.0")})); }
  void TearDown() override {
    catalogue_.Withdraw("weather@1.0.0");
    NativeProviderTest::TearDown();
  }

  void StartActor(NativeActorOptions options = {}) {
    options.caller = caller_;
    Start(std::move(options));
    ASSERT_OK(catalogue_.Offer(provider_, {skills_}));
  }

  static paranet_text Text(absl::string_view text) { return {text.data(), text.size()}; }
  static paranet_bytes Bytes(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }

  Outcome CallAndWait(paranet_call parent, absl::string_view skill, absl::string_view request,
                      int64_t deadline = kNoDeadline) {
    paranet_bytes result{};
    const int32_t code =
        actor_.host->call_and_wait(actor_.host, parent, Text(skill), deadline, Bytes(request), &result);
    return {code, std::string(static_cast<const char*>(result.data), result.size)};
  }
  void CallAsync(paranet_call parent, absl::string_view skill, absl::string_view request, AsyncResult& result) {
    actor_.host->call(actor_.host, parent, Text(skill), kNoDeadline, Bytes(request), &AsyncResult::Done, &result);
  }
  // The actor passes each request on to `skill`, and answers with what it gets.
  void PassOn(absl::string_view skill) {
    actor_.unary = [this, skill](paranet_call call, const std::string& request) {
      const Outcome outcome = CallAndWait(call, skill, request);
      outcome.code == 0 ? actor_.Respond(call, outcome.text) : actor_.Fail(call, outcome.code, outcome.text);
    };
  }

  Catalogue catalogue_;
  const Router router_{&catalogue_};
  const std::shared_ptr<SkillCaller> caller_ = std::make_shared<NodeSkillCaller>(&router_);
  const std::shared_ptr<FakeProvider> other_ = std::make_shared<FakeProvider>("other@1.0.0");
};

TEST_F(OutgoingCallsTest, AnActorCallsAnotherSkill) {
  other_->AnswerWith([](const CallContext&, const std::string& request) {
    return UnaryResult{.response = MakePayload("other got " + request)};
  });
  PassOn(kOther);
  StartActor();
  TestUnaryCaller caller;
  Call(caller, "Oslo");
  EXPECT_OK(caller.Result().status);
  EXPECT_EQ(PayloadToString(caller.Result().response), "other got Oslo");
}

TEST_F(OutgoingCallsTest, TheCallCarriesItsParentsCallerTraceHopsAndDeadline) {
  CallContext seen;
  other_->AnswerWith([&](const CallContext& context, const std::string&) {
    seen = context;
    return UnaryResult{};
  });
  PassOn(kOther);
  StartActor();
  CallContext context = Context(TestActor::kCurrent, absl::Hours(1));
  context.hops = 3;
  context.metadata = {{"traceparent", "00-ab-cd-01"}, {"authorization", "secret"}, {"baggage", "k=v"}};
  TestUnaryCaller caller;
  provider_->CallUnary(context, MakePayload(""), caller.Done());
  EXPECT_OK(caller.Result().status);
  EXPECT_EQ(seen.caller, "uid:1000");
  EXPECT_EQ(seen.hops, 3);
  EXPECT_EQ(seen.deadline, context.deadline);
  EXPECT_THAT(seen.metadata, ElementsAre(Pair("traceparent", "00-ab-cd-01"), Pair("baggage", "k=v")));
}

TEST_F(OutgoingCallsTest, OfItsOwnAccordAnActorCallsInItsOwnName) {
  CallContext seen;
  other_->AnswerWith([&](const CallContext& context, const std::string&) {
    seen = context;
    return UnaryResult{};
  });
  StartActor();
  EXPECT_EQ(CallAndWait(0, kOther, "", 4'000'000'000'000'000).code, 0);
  EXPECT_EQ(seen.caller, "actor:weather@1.0.0");
  EXPECT_EQ(seen.deadline, absl::FromUnixMicros(4'000'000'000'000'000));
}

TEST_F(OutgoingCallsTest, ErrorsKeepCodeAndText) {
  other_->AnswerWith(
      [](const CallContext&, const std::string&) { return UnaryResult{.status = absl::OutOfRangeError("too far")}; });
  PassOn(kOther);
  StartActor();
  TestUnaryCaller caller;
  Call(caller);
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kOutOfRange, "too far"));
  EXPECT_EQ(CallAndWait(0, "weather/curent", "").code, 5);
  EXPECT_EQ(CallAndWait(0, "nonsense", "").code, 3);
}

TEST_F(OutgoingCallsTest, WithoutASkillCallerAllCallsAreUnavailable) {
  Start();
  EXPECT_EQ(CallAndWait(0, kOther, "").code, 14);
  AsyncResult result;
  CallAsync(0, kOther, "", result);
  EXPECT_EQ(result.Wait().code, 14);
  const paranet_outgoing stream = actor_.host->open(actor_.host, 0, Text(kOtherChat), kNoDeadline);
  paranet_text message{};
  EXPECT_EQ(actor_.host->outcome(actor_.host, stream, &message), 14);
}

TEST_F(OutgoingCallsTest, ACallOnBehalfOfOneThatIsOverIsCancelled) {
  paranet_call stale = 0;
  actor_.unary = [&](paranet_call call, const std::string&) {
    stale = call;
    actor_.Respond(call, "");
    EXPECT_EQ(CallAndWait(call, kOther, "").code, 1);
  };
  StartActor();
  TestUnaryCaller caller;
  Call(caller);
  EXPECT_OK(caller.Result().status);
  Stop(absl::InfiniteFuture());
  EXPECT_THAT(other_->calls(), IsEmpty());
}

TEST_F(OutgoingCallsTest, AnActorThatRunsOneAtATimeMayCallItself) {
  actor_.unary = [this](paranet_call call, const std::string& request) {
    const int depth = std::stoi(request);
    if (depth == 0) return actor_.Respond(call, "bottom");
    const Outcome outcome = CallAndWait(call, kSelf, std::to_string(depth - 1));
    EXPECT_EQ(outcome.code, 0);
    actor_.Respond(call, outcome.text);
  };
  StartActor();
  TestUnaryCaller caller;
  // Deeper than what one thread takes.
  Call(caller, "40");
  EXPECT_OK(caller.Result().status);
  EXPECT_EQ(PayloadToString(caller.Result().response), "bottom");
}

TEST_F(OutgoingCallsTest, OtherHandlersRunWhileOneWaitsForItsCall) {
  actor_.unary = [this](paranet_call call, const std::string& request) {
    if (request == "quick") return actor_.Respond(call, "done");
    const Outcome outcome = CallAndWait(call, kOther, request);
    actor_.Respond(call, outcome.text);
  };
  StartActor();
  TestUnaryCaller slow;
  Call(slow, "slow");
  const std::shared_ptr<FakeCall> waiting = other_->WaitForCall();
  ASSERT_NE(waiting, nullptr);
  TestUnaryCaller quick;
  Call(quick, "quick");
  EXPECT_OK(quick.Result().status);
  waiting->Answer("at last");
  EXPECT_EQ(PayloadToString(slow.Result().response), "at last");
}

TEST_F(OutgoingCallsTest, AnAsyncCallAnswersLater) {
  AsyncResult result;
  paranet_call open = 0;
  actor_.unary = [&](paranet_call call, const std::string& request) {
    open = call;
    CallAsync(call, kOther, request, result);
  };
  StartActor();
  TestUnaryCaller caller;
  Call(caller, "Oslo");
  const std::shared_ptr<FakeCall> call = other_->WaitForCall();
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(result.times(), 0);
  call->Answer("rain");
  EXPECT_EQ(result.Wait().text, "rain");
  actor_.Respond(open, "answered");
  EXPECT_EQ(PayloadToString(caller.Result().response), "answered");
}

TEST_F(OutgoingCallsTest, AnAsyncCallOfItselfDoesNotDeadlockAndDoneRunsWithoutTheLock) {
  AsyncResult result;
  AsyncResult refused;
  std::thread::id handler;
  std::atomic<bool> inside = false;
  refused.on_done = [&] { EXPECT_FALSE(inside && std::this_thread::get_id() == handler); };
  actor_.unary = [&](paranet_call call, const std::string& request) {
    if (request == "inner") return actor_.Respond(call, "inner answer");
    handler = std::this_thread::get_id();
    inside = true;
    // Would run at once, were it not for the lock.
    CallAsync(0, "weather/curent", "", refused);
    CallAsync(0, kSelf, "inner", result);
    EXPECT_EQ(result.times(), 0);
    inside = false;
    actor_.Respond(call, "");
  };
  StartActor();
  TestUnaryCaller caller;
  Call(caller, "outer");
  EXPECT_OK(caller.Result().status);
  EXPECT_EQ(result.Wait().text, "inner answer");
  EXPECT_EQ(refused.Wait().code, 5);
}

TEST_F(OutgoingCallsTest, TheEndOfTheParentCancelsItsCalls) {
  PassOn(kOther);
  StartActor();
  TestUnaryCaller caller;
  const std::shared_ptr<CallHandle> handle = Call(caller);
  const std::shared_ptr<FakeCall> call = other_->WaitForCall();
  ASSERT_NE(call, nullptr);
  handle->Cancel();
  EXPECT_TRUE(call->WaitForCancel());
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(OutgoingCallsTest, TheParentsDeadlineReachesAnActorThatRunsOnTheSameThread) {
  // The actor calls itself; the inner handler waits for ever.
  actor_.unary = [this](paranet_call call, const std::string& request) {
    if (request == "inner") {
      EXPECT_EQ(actor_.host->wait(actor_.host, call, 3'600'000'000), 0);
      return;
    }
    const Outcome outcome = CallAndWait(call, kSelf, "inner");
    EXPECT_THAT(outcome.code, AnyOf(1, 4));
  };
  StartActor();
  TestUnaryCaller caller;
  Call(caller, "outer", absl::Milliseconds(30));
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(OutgoingCallsTest, StopCancelsCallsAndWaitsForTheirDone) {
  AsyncResult result;
  result.on_done = [&] { EXPECT_EQ(actor_.destroyed, 0); };
  StartActor();
  CallAsync(0, kOther, "", result);
  ASSERT_NE(other_->WaitForCall(), nullptr);
  Stop();
  EXPECT_EQ(result.times(), 1);
  EXPECT_EQ(result.Wait().code, 1);
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(OutgoingCallsTest, StopEndsAHandlerThatWaitsForItsCall) {
  PassOn(kOther);
  StartActor();
  TestUnaryCaller caller;
  Call(caller);
  ASSERT_NE(other_->WaitForCall(), nullptr);
  Stop();
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(OutgoingCallsTest, TooManyCallsAreRefused) {
  StartActor();
  std::vector<AsyncResult> results(OutgoingCalls::kMaxCalls + 1);
  for (AsyncResult& result : results) CallAsync(0, kOther, "", result);
  EXPECT_EQ(results.back().Wait().code, 8);
  EXPECT_EQ(results.front().times(), 0);
  Stop();
  for (AsyncResult& result : results) EXPECT_EQ(result.times(), 1);
}

TEST_F(OutgoingCallsTest, TooManyStreamsAreRefused) {
  StartActor();
  paranet_text message{};
  std::vector<paranet_outgoing> streams;
  for (size_t i = 0; i < OutgoingCalls::kMaxStreams; ++i) {
    streams.push_back(actor_.host->open(actor_.host, 0, Text(kOtherChat), kNoDeadline));
  }
  const paranet_outgoing refused = actor_.host->open(actor_.host, 0, Text(kOtherChat), kNoDeadline);
  EXPECT_NE(refused, 0u);
  paranet_bytes bytes{};
  EXPECT_EQ(actor_.host->receive(actor_.host, refused, &bytes), 0);
  EXPECT_EQ(actor_.host->outcome(actor_.host, refused, &message), 8);
  for (const paranet_outgoing stream : streams) {
    actor_.host->cancel(actor_.host, stream);
    EXPECT_EQ(actor_.host->outcome(actor_.host, stream, &message), 1);
    EXPECT_EQ(actor_.host->outcome(actor_.host, stream, &message), 9);
  }
}

TEST_F(OutgoingCallsTest, AStreamGoesBothWays) {
  other_->ServeStreamsWith([](CallContext, std::shared_ptr<ServerStream> stream) {
    stream->Read([stream](std::optional<Payload> message) {
      stream->Write(MakePayload("re: " + PayloadToString(*message)),
                    [stream](bool) { stream->Finish(absl::AbortedError("enough"), {}); });
    });
  });
  StartActor();
  const paranet_outgoing stream = actor_.host->open(actor_.host, 0, Text(kOtherChat), kNoDeadline);
  EXPECT_EQ(actor_.host->send(actor_.host, stream, Bytes("hello")), 1);
  paranet_bytes bytes{};
  EXPECT_EQ(actor_.host->receive(actor_.host, stream, &bytes), 1);
  EXPECT_EQ(std::string(static_cast<const char*>(bytes.data), bytes.size), "re: hello");
  EXPECT_EQ(actor_.host->receive(actor_.host, stream, &bytes), 0);
  EXPECT_EQ(actor_.host->send(actor_.host, stream, Bytes("more")), 0);
  paranet_text message{};
  EXPECT_EQ(actor_.host->outcome(actor_.host, stream, &message), 10);
  EXPECT_EQ(std::string(message.data, message.size), "enough");
}

TEST_F(OutgoingCallsTest, AnActorStreamsToItself) {
  actor_.stream = [this](size_t, paranet_call call) {
    std::string message;
    while (actor_.Read(call, &message)) actor_.Write(call, message + "!");
    actor_.Finish(call);
  };
  actor_.unary = [this](paranet_call call, const std::string&) {
    const paranet_outgoing stream = actor_.host->open(actor_.host, call, Text("weather/chat~1"), kNoDeadline);
    std::string all;
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(actor_.host->send(actor_.host, stream, Bytes(std::to_string(i))), 1);
      paranet_bytes bytes{};
      EXPECT_EQ(actor_.host->receive(actor_.host, stream, &bytes), 1);
      all.assign(static_cast<const char*>(bytes.data), bytes.size);
    }
    actor_.host->close_send(actor_.host, stream);
    paranet_text message{};
    EXPECT_EQ(actor_.host->outcome(actor_.host, stream, &message), 0);
    actor_.Respond(call, all);
  };
  StartActor();
  TestUnaryCaller caller;
  Call(caller);
  EXPECT_EQ(PayloadToString(caller.Result().response), "99!");
}

TEST_F(OutgoingCallsTest, TheEndOfTheParentCancelsItsStream) {
  actor_.unary = [this](paranet_call call, const std::string&) {
    const paranet_outgoing stream = actor_.host->open(actor_.host, call, Text(kOtherChat), kNoDeadline);
    paranet_bytes bytes{};
    EXPECT_EQ(actor_.host->receive(actor_.host, stream, &bytes), 0);
    paranet_text message{};
    EXPECT_EQ(actor_.host->outcome(actor_.host, stream, &message), 1);
  };
  StartActor();
  TestUnaryCaller caller;
  const std::shared_ptr<CallHandle> handle = Call(caller);
  std::optional<FakeStreamCall> stream = other_->WaitForStream();
  ASSERT_TRUE(stream.has_value());
  absl::Notification cancelled;
  stream->stream->OnCancel([&] { cancelled.Notify(); });
  handle->Cancel();
  EXPECT_TRUE(cancelled.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace paranet
