#include "core/runtime/native_call.h"

#include <memory>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/runtime/call_testutil.h"
#include "core/runtime/unary_call.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

std::shared_ptr<UnaryCall> MakeCall() {
  return std::make_shared<UnaryCall>(
      MakeTestContext("current"), Payload(), [](UnaryResult) {}, std::make_shared<FakeOwner>());
}

TEST(NativeCallTest, WaitLastsAsLongAsAskedFor) {
  const auto call = MakeCall();
  ActorLock lock(false);
  const absl::Time begun = absl::Now();
  EXPECT_TRUE(call->Wait(lock, absl::Milliseconds(5)));
  EXPECT_GE(absl::Now() - begun, absl::Milliseconds(5));
  call->Cancel();
}

TEST(NativeCallTest, WaitEndsWithTheCall) {
  const auto call = MakeCall();
  ActorLock lock(false);
  std::thread canceller([&] { call->Cancel(); });
  EXPECT_FALSE(call->Wait(lock, absl::Hours(1)));
  canceller.join();
  EXPECT_FALSE(call->Wait(lock, absl::Hours(1)));
}

TEST(NativeCallTest, WaitLetsOthersIntoTheActor) {
  const auto call = MakeCall();
  ActorLock lock(true);
  lock.Enter();
  std::thread other([&] {
    lock.Enter();
    call->Cancel();
    lock.Leave();
  });
  EXPECT_FALSE(call->Wait(lock, absl::Hours(1)));
  lock.Leave();
  other.join();
}

TEST(NativeCallTest, TakesOnlyTrailersThatGrpcTakes) {
  const auto call = MakeCall();
  EXPECT_TRUE(call->AddTrailer("cost-of.call_1", "3 units"));
  EXPECT_TRUE(call->AddTrailer("raw-bin", absl::string_view("\0\xff", 2)));
  EXPECT_FALSE(call->AddTrailer("", "x"));
  EXPECT_FALSE(call->AddTrailer("Cost", "x"));
  EXPECT_FALSE(call->AddTrailer("grpc-status", "0"));
  EXPECT_FALSE(call->AddTrailer(":path", "x"));
  EXPECT_FALSE(call->AddTrailer("cost", "line\nbreak"));
  call->Cancel();
  EXPECT_FALSE(call->AddTrailer("cost", "3"));
}

}  // namespace
}  // namespace paranet
