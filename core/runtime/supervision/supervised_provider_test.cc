#include "core/runtime/supervision/supervised_provider.h"

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::HasSubstr;

// What the test's processes do and what happens to them.
struct World {
  absl::Mutex mu;
  // Of the next starts; then they succeed.
  std::deque<absl::Status> failures ABSL_GUARDED_BY(mu);
  int starts ABSL_GUARDED_BY(mu) = 0;
  int alive ABSL_GUARDED_BY(mu) = 0;
  int kills ABSL_GUARDED_BY(mu) = 0;
  int stops ABSL_GUARDED_BY(mu) = 0;
  bool pongs ABSL_GUARDED_BY(mu) = true;
  // Of the present process.
  absl::AnyInvocable<void(absl::Status)> ended ABSL_GUARDED_BY(mu);
  std::vector<UnaryDone> calls ABSL_GUARDED_BY(mu);
  std::vector<std::shared_ptr<ServerStream>> streams ABSL_GUARDED_BY(mu);

  // The present process ends.
  void End(const std::string& reason) {
    absl::AnyInvocable<void(absl::Status)> end;
    std::vector<UnaryDone> open;
    {
      absl::MutexLock lock(&mu);
      end = std::move(ended);
      open.swap(calls);
    }
    for (UnaryDone& done : open) std::move(done)({.status = absl::UnavailableError(reason)});
    if (end) std::move(end)(absl::UnavailableError(reason));
  }
  int Get(int World::*what) {
    absl::MutexLock lock(&mu);
    return this->*what;
  }
  bool AwaitStarts(int count) {
    absl::MutexLock lock(&mu);
    const auto there = [this, count]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return starts >= count; };
    return mu.AwaitWithTimeout(absl::Condition(&there), kTestPatience);
  }
};

class FakeProcess final : public ActorProcess {
 public:
  explicit FakeProcess(std::shared_ptr<World> world) : world_(std::move(world)) {}
  ~FakeProcess() override {
    Kill();
    absl::MutexLock lock(&world_->mu);
    --world_->alive;
  }
  int64_t pid() const override { return 4711; }
  std::vector<std::string> confinement() const override { return {"paper"}; }
  std::shared_ptr<CallHandle> CallUnary(CallContext, Payload, UnaryDone done) override {
    struct Handle final : CallHandle {
      void Cancel() override {}
    };
    absl::MutexLock lock(&world_->mu);
    world_->calls.push_back(std::move(done));
    return std::make_shared<Handle>();
  }
  void CallStream(CallContext, std::shared_ptr<ServerStream> stream) override {
    absl::MutexLock lock(&world_->mu);
    world_->streams.push_back(std::move(stream));
  }
  void Ping(absl::AnyInvocable<void()> alive) override {
    bool pong = false;
    {
      absl::MutexLock lock(&world_->mu);
      pong = world_->pongs;
    }
    if (pong) std::move(alive)();
  }
  void BeginStop() override {
    {
      absl::MutexLock lock(&world_->mu);
      ++world_->stops;
    }
  }
  void Kill() override {
    {
      absl::MutexLock lock(&world_->mu);
      ++world_->kills;
    }
    world_->End("killed by signal 9 (SIGKILL)");
  }

 private:
  const std::shared_ptr<World> world_;
};

class SupervisedProviderTest : public testing::Test {
 protected:
  absl::Status Start(SupervisionOptions options = {}) {
    options.name = "weather@1.0.0";
    options.code = "library";
    if (options.restart.first == RestartOptions().first) options.restart.first = absl::Milliseconds(1);
    options.log = std::make_shared<ActorLog>(options.name, MakeNullLogger());
    auto provider = SupervisedProvider::Start(
        std::move(options),
        [world =
             world_](absl::AnyInvocable<void(absl::Status)> ended) -> absl::StatusOr<std::unique_ptr<ActorProcess>> {
          absl::MutexLock lock(&world->mu);
          ++world->starts;
          if (!world->failures.empty()) {
            const absl::Status failure = world->failures.front();
            world->failures.pop_front();
            return failure;
          }
          ++world->alive;
          world->ended = std::move(ended);
          return std::make_unique<FakeProcess>(world);
        });
    if (provider.ok()) provider_ = *std::move(provider);
    return provider.status();
  }

  void TearDown() override {
    if (provider_ == nullptr) return;
    provider_->BeginStop();
    provider_->FinishStop(absl::InfinitePast());
    EXPECT_EQ(world_->Get(&World::alive), 0);
    EXPECT_EQ(provider_->outstanding(), 0);
  }

  CallContext Context(const std::string& caller = "uid:1") {
    CallContext context;
    context.skill_set = skills_;
    context.skill = &skills_->skills()[0];
    context.caller = caller;
    return context;
  }
  // Begins a call, whose result is written to *result.
  void Call(UnaryResult* result, const std::string& caller = "uid:1", const std::string& request = "") {
    result->status = absl::UnknownError("not ended");
    provider_->CallUnary(Context(caller), MakePayload(request),
                         [result](UnaryResult ended) { *result = std::move(ended); });
  }
  bool AwaitState(v1::ActorInfo::State state) {
    for (const absl::Time end = absl::Now() + kTestPatience; absl::Now() < end; std::this_thread::yield()) {
      if (provider_->Info().state() == state) return true;
    }
    return false;
  }

  const std::shared_ptr<const SkillSet> skills_ = WeatherSkillSet();
  const std::shared_ptr<World> world_ = std::make_shared<World>();
  std::shared_ptr<SupervisedProvider> provider_;
};

TEST_F(SupervisedProviderTest, AFirstStartThatFailsIsTheResult) {
  {
    absl::MutexLock lock(&world_->mu);
    world_->failures = {absl::InvalidArgumentError("no such file")};
  }
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no such file")));
  EXPECT_EQ(world_->Get(&World::starts), 1);
}

TEST_F(SupervisedProviderTest, ShowsWhatRuns) {
  ASSERT_OK(Start());
  EXPECT_TRUE(provider_->available());
  const v1::ActorInfo info = provider_->Info();
  EXPECT_EQ(info.state(), v1::ActorInfo::RUNNING);
  EXPECT_EQ(info.pid(), 4711);
  EXPECT_EQ(info.code(), "library");
  EXPECT_EQ(info.confinement(0), "paper");
}

TEST_F(SupervisedProviderTest, AProcessThatEndsIsReplacedAndItsCallsSayWhy) {
  ASSERT_OK(Start());
  UnaryResult result;
  Call(&result);
  EXPECT_EQ(provider_->outstanding(), 1);
  world_->End("killed by signal 11 (SIGSEGV)");
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("SIGSEGV")));
  EXPECT_FALSE(result.unprocessed) << "nobody knows";
  ASSERT_TRUE(world_->AwaitStarts(2));
  ASSERT_TRUE(AwaitState(v1::ActorInfo::RUNNING));
  EXPECT_EQ(provider_->Info().restarts(), 1U);
  EXPECT_THAT(provider_->Info().last_error(), HasSubstr("SIGSEGV"));
}

TEST_F(SupervisedProviderTest, WhileItIsDownCallsFailAtOnceAndMayGoElsewhere) {
  SupervisionOptions options;
  options.restart.first = absl::Hours(1);
  options.restart.most = absl::Hours(1);
  ASSERT_OK(Start(std::move(options)));
  world_->End("exit code 3");
  ASSERT_TRUE(AwaitState(v1::ActorInfo::RESTARTING));
  EXPECT_FALSE(provider_->available());
  UnaryResult result;
  Call(&result);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("exit code 3")));
  EXPECT_TRUE(result.unprocessed);
}

TEST_F(SupervisedProviderTest, OneThatFailsTooOftenIsQuarantined) {
  SupervisionOptions options;
  options.restart.failures = 3;
  ASSERT_OK(Start(std::move(options)));
  {
    absl::MutexLock lock(&world_->mu);
    world_->failures = {absl::InvalidArgumentError("it is too cold"), absl::InvalidArgumentError("still too cold")};
  }
  world_->End("exit code 3");
  ASSERT_TRUE(AwaitState(v1::ActorInfo::QUARANTINED));
  UnaryResult result;
  Call(&result);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("still too cold")));
  EXPECT_EQ(world_->Get(&World::starts), 3);
}

TEST_F(SupervisedProviderTest, OneThatDoesNotAnswerIsKilledAndReplaced) {
  SupervisionOptions options;
  options.hang_timeout = absl::Milliseconds(50);
  ASSERT_OK(Start(std::move(options)));
  UnaryResult result;
  Call(&result);
  {
    absl::MutexLock lock(&world_->mu);
    world_->pongs = false;
  }
  ASSERT_TRUE(world_->AwaitStarts(2));
  {
    absl::MutexLock lock(&world_->mu);
    world_->pongs = true;
  }
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_TRUE(AwaitState(v1::ActorInfo::RUNNING));
  EXPECT_THAT(provider_->Info().last_error(), HasSubstr("it hung"));
}

TEST_F(SupervisedProviderTest, TheMailboxIsBounded) {
  SupervisionOptions options;
  options.mailbox = 3;
  options.per_caller = 2;
  options.mailbox_bytes = 100;
  ASSERT_OK(Start(std::move(options)));
  UnaryResult greedy[3];
  for (UnaryResult& result : greedy) Call(&result, "greedy");
  EXPECT_THAT(greedy[2].status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("greedy")));
  EXPECT_TRUE(greedy[2].unprocessed);
  UnaryResult large;
  Call(&large, "other", std::string(101, 'x'));
  EXPECT_THAT(large.status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes")));
  UnaryResult other;
  Call(&other, "other");
  EXPECT_THAT(other.status, StatusIs(absl::StatusCode::kUnknown)) << "it waits";
  UnaryResult third;
  Call(&third, "third");
  EXPECT_THAT(third.status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("already has 3")));
  EXPECT_EQ(provider_->outstanding(), 3);
  // What is still open is written to the results above.
  world_->End("the test is over");
}

TEST_F(SupervisedProviderTest, StreamsAreCountedUntilTheyEnd) {
  SupervisionOptions options;
  options.streams = 1;
  ASSERT_OK(Start(std::move(options)));
  TestStreamCaller first;
  TestStreamCaller second;
  provider_->CallStream(Context(), first.TakeStream());
  provider_->CallStream(Context(), second.TakeStream());
  EXPECT_THAT(second.WaitForStatus(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(provider_->outstanding(), 1);
  std::vector<std::shared_ptr<ServerStream>> streams;
  {
    absl::MutexLock lock(&world_->mu);
    streams.swap(world_->streams);
  }
  streams[0]->Finish(absl::OkStatus(), {});
  streams.clear();
  EXPECT_OK(first.WaitForStatus());
  EXPECT_EQ(provider_->outstanding(), 0);
}

TEST_F(SupervisedProviderTest, StoppingLetsCallsEnd) {
  ASSERT_OK(Start());
  UnaryResult result;
  Call(&result);
  provider_->BeginStop();
  EXPECT_EQ(world_->Get(&World::stops), 1);
  UnaryResult late;
  Call(&late);
  EXPECT_THAT(late.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("is stopping")));
  std::thread stopper([this] { provider_->FinishStop(absl::InfiniteFuture()); });
  UnaryDone done;
  {
    absl::MutexLock lock(&world_->mu);
    EXPECT_EQ(world_->kills, 0);
    done = std::move(world_->calls[0]);
    world_->calls.clear();
  }
  std::move(done)({.status = absl::OkStatus()});
  world_->End("exit code 0");
  stopper.join();
  EXPECT_OK(result.status);
  EXPECT_EQ(world_->Get(&World::starts), 1);
}

TEST_F(SupervisedProviderTest, StoppingAtOnceEndsCalls) {
  ASSERT_OK(Start());
  UnaryResult result;
  Call(&result);
  provider_->BeginStop();
  provider_->FinishStop(absl::InfinitePast());
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace paranet
