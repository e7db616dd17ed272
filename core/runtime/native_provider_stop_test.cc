// How a NativeProvider comes to its end.
#include <memory>
#include <string>
#include <thread>

#include "core/runtime/native_provider.h"
#include "core/runtime/native_provider_testutil.h"
#include "gmock/gmock.h"

namespace paranet {
namespace {

TEST_F(NativeProviderTest, DestroyedWithoutStopEndsTheActor) {
  Start();
  provider_.reset();
  EXPECT_EQ(actor_.stopped, 1);
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(NativeProviderTest, CallsAfterStopAreUnavailableAndUnprocessed) {
  Start();
  Stop();
  EXPECT_FALSE(provider_->available());
  TestUnaryCaller unary;
  Call(unary)->Cancel();
  EXPECT_THAT(unary.Result().status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(unary.Result().unprocessed);
  TestStreamCaller stream;
  provider_->CallStream(Context(TestActor::kWatch), stream.TakeStream());
  EXPECT_THAT(stream.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(NativeProviderTest, StopLetsRunningCallsEndBeforeTheDeadline) {
  absl::Notification begun;
  absl::Notification go;
  actor_.unary = [&](paranet_call call, std::string) {
    begun.Notify();
    go.WaitForNotification();
    actor_.Respond(call, "in time");
  };
  // The actor is told to stop while its handler runs, and lets it come to its end.
  actor_.stop = [&] { go.Notify(); };
  Start();
  TestUnaryCaller caller;
  Call(caller);
  begun.WaitForNotification();
  Stop(absl::InfiniteFuture());
  EXPECT_EQ(PayloadToString(caller.Result().response), "in time");
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(NativeProviderTest, StopCancelsWhatRunsAtTheDeadlineAndWaitsForIt) {
  absl::Notification begun;
  bool ended = false;
  actor_.stream = [&](size_t, paranet_call call) {
    begun.Notify();
    std::string message;
    EXPECT_FALSE(actor_.Read(call, &message));
    ended = true;
    actor_.Finish(call);
  };
  Start();
  TestStreamCaller caller;
  provider_->CallStream(Context(TestActor::kChat), caller.TakeStream());
  begun.WaitForNotification();
  Stop(absl::Now() + absl::Milliseconds(5));
  EXPECT_TRUE(ended);
  EXPECT_EQ(actor_.destroyed, 1);
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(NativeProviderTest, CallsThatAreNeverAnsweredEndWithTheActor) {
  absl::Notification begun;
  actor_.unary = [&](paranet_call, std::string) { begun.Notify(); };
  Start();
  TestUnaryCaller caller;
  Call(caller);
  begun.WaitForNotification();
  Stop();
  ASSERT_TRUE(caller.done());
  EXPECT_THAT(caller.Result().status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(caller.Result().unprocessed);
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(NativeProviderTest, ActorWhoseHandlerNeverReturnsIsGivenUp) {
  absl::Notification begun;
  absl::Notification go;
  absl::Notification returned;
  actor_.unary = [&](paranet_call call, std::string) {
    begun.Notify();
    go.WaitForNotification();
    actor_.Respond(call, "nobody hears this");
    returned.Notify();
  };
  Start({.abandon_after = absl::Milliseconds(10)});
  TestUnaryCaller hanging;
  TestUnaryCaller waiting;
  Call(hanging);
  begun.WaitForNotification();
  Call(waiting);
  Stop();
  EXPECT_THAT(hanging.Result().status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(waiting.Result().status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(waiting.Result().unprocessed);
  EXPECT_EQ(actor_.destroyed, 0);
  go.Notify();
  returned.WaitForNotification();
  // The thread lets go of the provider when it has left the actor's code.
  const absl::Time deadline = absl::Now() + kTestPatience;
  while (provider_.use_count() > 1 && absl::Now() < deadline) std::this_thread::yield();
  EXPECT_EQ(provider_.use_count(), 1);
}

TEST_F(NativeProviderTest, StopTwiceAndAtTheSameTimeIsFine) {
  Start();
  std::thread other([&] { Stop(); });
  Stop();
  other.join();
  Stop();
  EXPECT_EQ(actor_.stopped, 1);
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(NativeProviderTest, ActorThatDoesNotStartSaysWhy) {
  ASSERT_OK_AND_ASSIGN(const auto module, LibraryModule::FromTable(TestActor::Module(), "test_actor"));
  EXPECT_THAT(NativeProvider::Start(module, {.id = "w", .name = "w@1"}, executor_, MakeNullLogger()),
              StatusIs(absl::StatusCode::kInvalidArgument, "w@1 did not start: it gave no reason"));
}

}  // namespace
}  // namespace paranet
