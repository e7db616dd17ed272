#include "core/runtime/stream_call.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "core/base/status_testutil.h"
#include "core/runtime/call_testutil.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;

class StreamCallTest : public testing::Test {
 protected:
  void Open(TestStreamCaller& caller, absl::string_view action = "chat") {
    call_ = std::make_shared<StreamCall>(MakeTestContext(action), caller.TakeStream(), owner_);
    call_->Begin();
  }
  // The next message as the actor reads it, or "(end)".
  std::string Read() {
    paranet_bytes bytes;
    if (!call_->Read(lock_, &bytes)) return "(end)";
    return std::string(static_cast<const char*>(bytes.data), bytes.size);
  }
  bool Write(absl::string_view message) { return call_->Write(lock_, message); }

  const std::shared_ptr<FakeOwner> owner_ = std::make_shared<FakeOwner>();
  ActorLock lock_{true};
  std::shared_ptr<StreamCall> call_;
};

TEST_F(StreamCallTest, ReadsUntilTheCallerHalfCloses) {
  TestStreamCaller caller;
  Open(caller);
  caller.Send("one");
  caller.Send("");
  caller.Send("three");
  caller.HalfClose();
  EXPECT_EQ(Read(), "one");
  EXPECT_EQ(Read(), "");
  EXPECT_EQ(Read(), "three");
  EXPECT_EQ(Read(), "(end)");
  EXPECT_EQ(Read(), "(end)");
  call_->Finish(absl::OkStatus());
  EXPECT_OK(caller.WaitForStatus());
}

TEST_F(StreamCallTest, WritesArriveInOrderBeforeTheStatusAndTrailers) {
  TestStreamCaller caller;
  Open(caller);
  EXPECT_TRUE(Write("a"));
  EXPECT_TRUE(Write("b"));
  EXPECT_TRUE(call_->AddTrailer("k", "v"));
  call_->Finish(absl::NotFoundError("no more"));
  EXPECT_EQ(caller.NextResponse(), "a");
  EXPECT_EQ(caller.NextResponse(), "b");
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kNotFound, "no more"));
  EXPECT_THAT(caller.trailers(), ElementsAre(std::make_pair("k", "v")));
  EXPECT_FALSE(Write("c"));
  EXPECT_THAT(owner_->events(), ElementsAre("ended"));
  call_->LeaveThread();
  EXPECT_THAT(owner_->events(), ElementsAre("ended", "released"));
}

TEST_F(StreamCallTest, WriteBlocksWhenTheCallerDoesNotTake) {
  TestStreamCaller caller(1);
  Open(caller);
  absl::Notification all_written;
  const size_t count = StreamCall::kOutboxMessages + 20;
  std::thread actor([&] {
    for (size_t i = 0; i < count; ++i) EXPECT_TRUE(Write(std::to_string(i)));
    all_written.Notify();
    call_->Finish(absl::OkStatus());
  });
  EXPECT_TRUE(caller.WaitForStalledWrite());
  EXPECT_FALSE(all_written.HasBeenNotified());
  for (size_t i = 0; i < count; ++i) EXPECT_EQ(caller.NextResponse(), std::to_string(i));
  EXPECT_OK(caller.WaitForStatus());
  actor.join();
}

TEST_F(StreamCallTest, MessageLargerThanTheOutboxFits) {
  TestStreamCaller caller;
  Open(caller);
  const std::string large(StreamCall::kOutboxBytes + 1, 'x');
  EXPECT_TRUE(Write(large));
  EXPECT_EQ(caller.NextResponse(), large);
  call_->Finish(absl::OkStatus());
}

TEST_F(StreamCallTest, BlockedReadLetsOthersIntoTheActorAndEndsWithTheCancelledCall) {
  TestStreamCaller caller;
  Open(caller);
  lock_.Enter();
  std::thread other([&] {
    lock_.Enter();
    caller.Cancel();
    lock_.Leave();
  });
  EXPECT_EQ(Read(), "(end)");
  lock_.Leave();
  other.join();
  EXPECT_TRUE(call_->over());
  EXPECT_FALSE(Write("x"));
  call_->Finish(absl::OkStatus());
  EXPECT_THAT(owner_->events(), ElementsAre("ended"));
}

TEST_F(StreamCallTest, BlockedWriteEndsWithTheCancelledCall) {
  TestStreamCaller caller(1);
  Open(caller);
  std::thread actor([&] {
    while (Write("x")) {
    }
  });
  EXPECT_TRUE(caller.WaitForStalledWrite());
  caller.Cancel();
  actor.join();
  EXPECT_TRUE(call_->over());
}

TEST_F(StreamCallTest, AbortTellsTheCallerAtOnceAndTheActorAtItsNextStep) {
  TestStreamCaller caller;
  Open(caller);
  call_->Abort(absl::DeadlineExceededError("too long"));
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kDeadlineExceeded, "too long"));
  EXPECT_EQ(Read(), "(end)");
  EXPECT_FALSE(Write("x"));
  call_->Finish(absl::OkStatus());
  call_->Abort(absl::CancelledError());
  EXPECT_THAT(owner_->events(), ElementsAre("ended"));
}

TEST_F(StreamCallTest, WhatEndsTheCallBeforeItBeginsTakesEffectThen) {
  TestStreamCaller caller;
  call_ = std::make_shared<StreamCall>(MakeTestContext("chat"), caller.TakeStream(), owner_);
  call_->Abort(absl::UnavailableError("stopped"));
  EXPECT_FALSE(caller.finished());
  call_->Begin();
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(Write("x"));
}

TEST_F(StreamCallTest, AbortAfterFinishDropsWhatWasNotSent) {
  TestStreamCaller caller(1);
  Open(caller);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Write("x"));
  call_->Finish(absl::OkStatus());
  EXPECT_TRUE(caller.WaitForStalledWrite());
  EXPECT_THAT(owner_->events(), ElementsAre());
  call_->Abort(absl::UnavailableError("stopped"));
  EXPECT_EQ(caller.NextResponse(), "x");
  EXPECT_EQ(caller.NextResponse(), "x");
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(StreamCallTest, SecondFinishIsIgnoredAndReported) {
  TestStreamCaller caller;
  Open(caller);
  call_->Finish(absl::OkStatus());
  call_->Finish(absl::InternalError("again"));
  EXPECT_OK(caller.WaitForStatus());
  EXPECT_THAT(owner_->events(), ElementsAre("ended", "finish for the second time"));
}

TEST_F(StreamCallTest, RespondIsMisuse) {
  TestStreamCaller caller;
  Open(caller);
  call_->Respond(absl::OkStatus(), "x");
  EXPECT_THAT(owner_->events(), ElementsAre("respond in a streaming call"));
  call_->Finish(absl::OkStatus());
}

}  // namespace
}  // namespace paranet
