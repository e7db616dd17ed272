#include "core/actor/call_context.h"

#include "absl/time/time.h"
#include "core/actor/fake_host.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::actor {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ActorContextTest, ReadsConfigurationAndLogs) {
  FakeHost host;
  host.options = {{"place", "Oslo"}, {"empty", ""}};
  const ActorContext context(&host, "weather");
  EXPECT_EQ(context.id(), "weather");
  EXPECT_EQ(context.Config("place"), "Oslo");
  EXPECT_EQ(context.Config("empty"), "");
  EXPECT_EQ(context.Config("other"), std::nullopt);
  context.Log(LogLevel::kWarning, "cold");
  EXPECT_THAT(host.logged, ElementsAre(Pair(PARANET_LOG_WARNING, "cold")));
}

TEST(CallContextTest, TellsWhatTheHostKnowsOfTheCall) {
  FakeHost host;
  host.caller_name = "paranet://acme/node/alpha";
  host.caller_metadata = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  const CallContext call(&host, 1);
  EXPECT_EQ(call.caller(), "paranet://acme/node/alpha");
  EXPECT_EQ(call.Metadata("a"), "1");
  EXPECT_EQ(call.Metadata("a", 1), "3");
  EXPECT_EQ(call.Metadata("a", 2), std::nullopt);
  EXPECT_EQ(call.deadline(), absl::InfiniteFuture());
  host.deadline_micros = 1'000'000;
  EXPECT_EQ(call.deadline(), absl::FromUnixSeconds(1));
}

TEST(CallContextTest, SleepsUntilTheCallIsOver) {
  FakeHost host;
  CallContext call(&host, 1);
  EXPECT_TRUE(call.SleepFor(absl::Milliseconds(3)));
  EXPECT_THAT(host.waits, ElementsAre(3000));
  EXPECT_FALSE(call.IsCancelled());
  host.cancelled = true;
  EXPECT_TRUE(call.IsCancelled());
  EXPECT_FALSE(call.SleepFor(absl::Milliseconds(3)));
}

TEST(CallContextTest, TrailersThatTheHostRefusesAreErrors) {
  FakeHost host;
  CallContext call(&host, 1);
  EXPECT_OK(call.AddTrailer("cost", "3"));
  EXPECT_THAT(call.AddTrailer("", "3"), StatusIs(absl::StatusCode::kInvalidArgument));
  host.cancelled = true;
  EXPECT_THAT(call.AddTrailer("cost", "3"), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(host.trailers, ElementsAre(Pair("cost", "3")));
}

}  // namespace
}  // namespace paranet::actor
