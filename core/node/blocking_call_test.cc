#include "core/node/blocking_call.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

std::optional<std::string> ReadText(BlockingCall& call) {
  const std::optional<Payload> payload = call.Read();
  return payload.has_value() ? std::optional(PayloadToString(*payload)) : std::nullopt;
}

TEST(BlockingCall, ReadsAndWrites) {
  TestStreamCaller caller;
  auto call = BlockingCall::Create(caller.TakeStream());
  caller.Send("a");
  EXPECT_EQ(ReadText(*call), "a");
  EXPECT_TRUE(call->Write(MakePayload(absl::string_view("x"))));
  EXPECT_EQ(caller.NextResponse(), "x");
  caller.HalfClose();
  EXPECT_EQ(ReadText(*call), std::nullopt);
  EXPECT_EQ(ReadText(*call), std::nullopt);
  call->Finish(absl::AbortedError("enough"));
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kAborted, "enough"));
}

TEST(BlockingCall, WriteWaitsForRoom) {
  TestStreamCaller caller(/*room=*/1);
  auto call = BlockingCall::Create(caller.TakeStream());
  std::thread writer([&] {
    EXPECT_TRUE(call->Write(MakePayload(absl::string_view("x"))));
    EXPECT_TRUE(call->Write(MakePayload(absl::string_view("y"))));
    call->Finish(absl::OkStatus());
  });
  EXPECT_EQ(caller.NextResponse(), "x");
  EXPECT_EQ(caller.NextResponse(), "y");
  writer.join();
  EXPECT_OK(caller.WaitForStatus());
}

TEST(BlockingCall, CloseReadsFreesTheReader) {
  TestStreamCaller caller;
  auto call = BlockingCall::Create(caller.TakeStream());
  std::thread reader([&] { EXPECT_EQ(ReadText(*call), std::nullopt); });
  call->CloseReads();
  reader.join();
  call->Finish(absl::OkStatus());
  EXPECT_OK(caller.WaitForStatus());
}

TEST(BlockingCall, CancelFreesEverybodyAndIsTold) {
  TestStreamCaller caller(/*room=*/0);
  auto call = BlockingCall::Create(caller.TakeStream());
  absl::Notification cancelled;
  call->OnCancel([&] { cancelled.Notify(); });
  std::thread reader([&] { EXPECT_EQ(ReadText(*call), std::nullopt); });
  caller.Cancel();
  EXPECT_TRUE(cancelled.WaitForNotificationWithTimeout(kTestPatience));
  reader.join();
  EXPECT_FALSE(call->Write(MakePayload(absl::string_view("x"))));
  bool told = false;
  call->OnCancel([&] { told = true; });
  EXPECT_TRUE(told);
  call->Finish(absl::CancelledError());
}

}  // namespace
}  // namespace paranet
