#include "core/skill/provider_testutil.h"

#include <memory>
#include <optional>
#include <string>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(FakeProvider, RecordsACallUntilTheTestAnswers) {
  FakeProvider provider("a");
  std::optional<UnaryResult> result;
  auto handle = provider.CallUnary(CallContext{.caller = "local"}, MakePayload("question"),
                                   [&](UnaryResult answer) { result = std::move(answer); });
  EXPECT_EQ(provider.outstanding(), 1);
  auto call = provider.WaitForCall();
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->request(), "question");
  EXPECT_EQ(call->context().caller, "local");
  EXPECT_FALSE(result.has_value());
  EXPECT_TRUE(call->Answer("answer"));
  EXPECT_EQ(PayloadToString(result->response), "answer");
  EXPECT_EQ(provider.outstanding(), 0);
  handle->Cancel();
  EXPECT_TRUE(call->WaitForCancel());
  EXPECT_FALSE(call->Fail(absl::InternalError(""))) << "a call ends once";
}

TEST(FakeProvider, CancelAndDestructionEndCalls) {
  absl::Status first, second;
  {
    FakeProvider provider("a");
    provider.CallUnary({}, {}, [&](UnaryResult result) { first = result.status; })->Cancel();
    provider.CallUnary({}, {}, [&](UnaryResult result) { second = result.status; });
  }
  EXPECT_THAT(first, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable));
}

TEST(FakeProvider, AHandlerAnswersAtOnce) {
  FakeProvider provider("a");
  provider.AnswerWith([](const CallContext&, const std::string& request) {
    return UnaryResult{.response = MakePayload(request + "!")};
  });
  std::string response;
  provider.CallUnary({}, MakePayload("hi"), [&](UnaryResult result) { response = PayloadToString(result.response); });
  EXPECT_EQ(response, "hi!");
}

TEST(TestStreamCaller, TalksWithAProvider) {
  FakeProvider provider("a");
  TestStreamCaller caller;
  provider.CallStream({}, caller.TakeStream());
  std::optional<FakeStreamCall> call = provider.WaitForStream();
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(provider.outstanding(), 1);
  std::optional<std::string> request;
  const auto read = [&](std::optional<Payload> payload) {
    request = payload.has_value() ? std::optional(PayloadToString(*payload)) : std::nullopt;
  };
  call->stream->Read(read);
  caller.Send("one");
  EXPECT_EQ(request, "one");
  bool room = false;
  call->stream->Write(MakePayload("two"), [&](bool ok) { room = ok; });
  EXPECT_TRUE(room);
  caller.HalfClose();
  call->stream->Read(read);
  EXPECT_EQ(request, std::nullopt);
  call->stream->Finish(absl::NotFoundError("gone"), {{"k", "v"}});
  EXPECT_EQ(caller.NextResponse(), "two");
  EXPECT_EQ(caller.NextResponse(), std::nullopt);
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(caller.trailers(), (Metadata{{"k", "v"}}));
  call.reset();
  EXPECT_EQ(provider.outstanding(), 0);
}

TEST(TestStreamCaller, WriteWaitsForRoom) {
  TestStreamCaller caller(/*room=*/1);
  auto stream = caller.TakeStream();
  int written = 0;
  const auto count = [&](bool ok) { written += ok ? 1 : 0; };
  stream->Write(MakePayload("1"), count);
  stream->Write(MakePayload("2"), count);
  EXPECT_EQ(written, 1);
  EXPECT_TRUE(caller.WaitForStalledWrite());
  EXPECT_EQ(caller.NextResponse(), "1");
  EXPECT_EQ(written, 2);
}

TEST(TestStreamCaller, CancelEndsEverything) {
  TestStreamCaller caller(/*room=*/0);
  auto stream = caller.TakeStream();
  bool cancelled = false, read = false;
  std::optional<bool> wrote;
  stream->OnCancel([&] { cancelled = true; });
  stream->Read([&](std::optional<Payload> payload) { read = !payload.has_value(); });
  stream->Write(MakePayload("x"), [&](bool ok) { wrote = ok; });
  caller.Cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(read);
  EXPECT_EQ(wrote, false);
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(TestStreamCaller, ADroppedStreamIsAnInternalError) {
  TestStreamCaller caller;
  caller.TakeStream().reset();
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace paranet
