// What the tests of NativeProvider have in common: a TestActor behind one, and a caller.
#ifndef PARANET_CORE_RUNTIME_NATIVE_PROVIDER_TESTUTIL_H_
#define PARANET_CORE_RUNTIME_NATIVE_PROVIDER_TESTUTIL_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/native_provider.h"
#include "core/runtime/test_actor.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {

// One unary call of a test. Must outlive the call.
class TestUnaryCaller {
 public:
  UnaryDone Done() {
    return [this](UnaryResult result) {
      absl::MutexLock lock(&mu_);
      EXPECT_FALSE(done_) << "done ran twice";
      result_ = std::move(result);
      done_ = true;
    };
  }
  // Waits for the end; the status is INTERNAL if there is none in time.
  const UnaryResult& Result() {
    absl::MutexLock lock(&mu_);
    if (!mu_.AwaitWithTimeout(absl::Condition(&done_), kTestPatience)) {
      result_.status = absl::InternalError("the call has not ended");
    }
    return result_;
  }
  bool done() {
    absl::MutexLock lock(&mu_);
    return done_;
  }

 private:
  absl::Mutex mu_;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  UnaryResult result_;
};

class NativeProviderTest : public testing::Test {
 protected:
  void Start(NativeActorOptions options = {}) {
    options.id = "weather";
    options.name = "weather@1.0.0";
    options.config = actor_.Config();
    ASSERT_OK_AND_ASSIGN(const auto module, LibraryModule::FromTable(TestActor::Module(), "test_actor"));
    ASSERT_OK_AND_ASSIGN(provider_, NativeProvider::Start(module, std::move(options), executor_, MakeNullLogger()));
  }

  // Handlers use the actor.
  void TearDown() override {
    if (provider_ != nullptr) Stop();
  }

  void Stop(absl::Time deadline = absl::InfinitePast()) {
    provider_->BeginStop();
    provider_->FinishStop(deadline);
  }

  CallContext Context(int method, absl::Duration timeout = absl::InfiniteDuration()) const {
    CallContext context;
    context.skill_set = skills_;
    context.skill = &skills_->skills()[static_cast<size_t>(method)];
    context.deadline = timeout == absl::InfiniteDuration() ? absl::InfiniteFuture() : absl::Now() + timeout;
    context.caller = "uid:1000";
    context.metadata = {{"trace", "a"}, {"other", "b"}, {"trace", "c"}};
    return context;
  }

  std::shared_ptr<CallHandle> Call(TestUnaryCaller& caller, absl::string_view request = "",
                                   absl::Duration timeout = absl::InfiniteDuration()) {
    return provider_->CallUnary(Context(TestActor::kCurrent, timeout), MakePayload(request), caller.Done());
  }

  const std::shared_ptr<const SkillSet> skills_ = WeatherSkillSet();
  const std::shared_ptr<ActorExecutor> executor_ = std::make_shared<ActorExecutor>();
  TestActor actor_;
  std::shared_ptr<NativeProvider> provider_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_NATIVE_PROVIDER_TESTUTIL_H_
