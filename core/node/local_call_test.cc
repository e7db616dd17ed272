#include "core/node/local_call.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;

Payload Bytes(absl::string_view text) { return MakePayload(text); }

// The provider's next Read, which must be due.
std::optional<std::string> ReadNow(ServerStream& stream) {
  std::optional<std::string> text = "not called";
  stream.Read([&](std::optional<Payload> payload) {
    text = payload.has_value() ? std::optional(PayloadToString(*payload)) : std::nullopt;
  });
  return text;
}

std::optional<std::string> ReceiveText(LocalCall& call) {
  std::optional<Payload> payload = call.Receive(absl::InfiniteFuture());
  return payload.has_value() ? std::optional(PayloadToString(*payload)) : std::nullopt;
}

TEST(LocalCall, RequestsArriveInOrderAndThenTheHalfClose) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  EXPECT_TRUE(call->Send(Bytes("a")));
  EXPECT_TRUE(call->Send(Bytes("b")));
  call->HalfClose();
  EXPECT_EQ(ReadNow(*stream), "a");
  EXPECT_EQ(ReadNow(*stream), "b");
  EXPECT_EQ(ReadNow(*stream), std::nullopt);
}

TEST(LocalCall, AReadThatWaitsGetsTheNextRequest) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  std::vector<std::string> got;
  stream->Read([&](std::optional<Payload> payload) { got.push_back(PayloadToString(*payload)); });
  EXPECT_THAT(got, ElementsAre());
  EXPECT_TRUE(call->Send(Bytes("a")));
  EXPECT_THAT(got, ElementsAre("a"));
}

TEST(LocalCall, ResponsesThenTheStatus) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  stream->Write(Bytes("x"), [](bool ok) { EXPECT_TRUE(ok); });
  stream->Finish(absl::NotFoundError("no more"), {});
  EXPECT_EQ(ReceiveText(*call), "x");
  EXPECT_EQ(ReceiveText(*call), std::nullopt);
  EXPECT_THAT(call->status(), StatusIs(absl::StatusCode::kNotFound, "no more"));
}

TEST(LocalCall, AProviderThatIsTooFastWaits) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  int written = 0;
  int writes = 0;
  std::function<void()> write = [&] {
    if (writes == 100) return stream->Finish(absl::OkStatus(), {});
    stream->Write(Bytes(std::to_string(writes++)), [&](bool ok) {
      EXPECT_TRUE(ok);
      ++written;
      write();
    });
  };
  write();
  EXPECT_EQ(writes, 16);
  EXPECT_EQ(written, 15);
  EXPECT_EQ(ReceiveText(*call), "0");
  EXPECT_EQ(writes, 17);
  for (int i = 1; i < 100; ++i) EXPECT_EQ(ReceiveText(*call), std::to_string(i));
  EXPECT_EQ(ReceiveText(*call), std::nullopt);
  EXPECT_OK(call->status());
}

TEST(LocalCall, ACallerThatIsTooFastWaits) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(call->Send(Bytes(std::to_string(i))));
  std::thread caller([&] { EXPECT_TRUE(call->Send(Bytes("16"))); });
  for (int i = 0; i < 16; ++i) EXPECT_EQ(ReadNow(*stream), std::to_string(i));
  caller.join();
  EXPECT_EQ(ReadNow(*stream), "16");
}

TEST(LocalCall, CallbacksNeverNest) {
  // An echo that begins each operation in the callback of the one before would overflow the stack if they did.
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  constexpr int kMessages = 200'000;
  std::function<void()> echo = [&] {
    stream->Read([&](std::optional<Payload> payload) {
      if (!payload.has_value()) return stream->Finish(absl::OkStatus(), {});
      stream->Write(*std::move(payload), [&](bool ok) {
        EXPECT_TRUE(ok);
        echo();
      });
    });
  };
  echo();
  std::thread sender([&] {
    for (int i = 0; i < kMessages; ++i) EXPECT_TRUE(call->Send(Bytes("m")));
    call->HalfClose();
  });
  int received = 0;
  while (call->Receive(absl::InfiniteFuture()).has_value()) ++received;
  sender.join();
  EXPECT_EQ(received, kMessages);
}

TEST(LocalCall, CancelEndsWhatWaitsAndTellsTheProviderOnce) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  int cancelled = 0;
  std::vector<bool> writes;
  bool read_ended = false;
  stream->OnCancel([&] { ++cancelled; });
  stream->Read([&](std::optional<Payload> payload) { read_ended = !payload.has_value(); });
  for (int i = 0; i < 16; ++i) stream->Write(Bytes("x"), [&](bool ok) { writes.push_back(ok); });
  EXPECT_EQ(writes.size(), 15u);
  call->Cancel(absl::CancelledError("enough"));
  call->Cancel(absl::AbortedError("again"));
  EXPECT_EQ(cancelled, 1);
  EXPECT_TRUE(read_ended);
  ASSERT_EQ(writes.size(), 16u);
  EXPECT_FALSE(writes.back());
  EXPECT_FALSE(call->Send(Bytes("late")));
  EXPECT_EQ(ReceiveText(*call), std::nullopt);
  stream->Finish(absl::OkStatus(), {});
  EXPECT_THAT(call->status(), StatusIs(absl::StatusCode::kCancelled, "enough"));
}

TEST(LocalCall, OnCancelAfterTheFactRunsAtOnce) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  call->Cancel(absl::CancelledError("enough"));
  bool cancelled = false;
  stream->OnCancel([&] { cancelled = true; });
  EXPECT_TRUE(cancelled);
}

TEST(LocalCall, TheDeadlineCancels) {
  auto call = LocalCall::Create();
  auto stream = call->TakeServerStream();
  bool cancelled = false;
  stream->OnCancel([&] { cancelled = true; });
  EXPECT_FALSE(call->Receive(absl::InfinitePast()).has_value());
  EXPECT_TRUE(cancelled);
  EXPECT_THAT(call->status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST(LocalCall, ADroppedStreamIsInternal) {
  auto call = LocalCall::Create();
  call->TakeServerStream().reset();
  EXPECT_EQ(ReceiveText(*call), std::nullopt);
  EXPECT_THAT(call->status(), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace paranet
