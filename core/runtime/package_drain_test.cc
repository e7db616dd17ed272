#include "core/runtime/package_drain.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/skill/provider_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

// What the test and the package share.
struct Shared {
  std::atomic<int64_t> outstanding = 0;
  std::atomic<bool> destroyed = false;
  absl::Notification stopped;
  absl::Time stopped_by;
};

class CountingProvider final : public Provider {
 public:
  explicit CountingProvider(Shared* shared) : shared_(shared) {}
  Kind kind() const override { return Kind::kActor; }
  const std::string& name() const override { return name_; }
  bool available() const override { return true; }
  int64_t outstanding() const override { return shared_->outstanding; }
  std::shared_ptr<CallHandle> CallUnary(CallContext /*context*/, Payload /*request*/, UnaryDone /*done*/) override {
    return nullptr;
  }
  void CallStream(CallContext /*context*/, std::shared_ptr<ServerStream> /*stream*/) override {}

 private:
  Shared* const shared_;
  const std::string name_ = "weather@1.0.0";
};

class CountedPackage final : public RunningPackage {
 public:
  explicit CountedPackage(Shared* shared)
      : shared_(shared), offers_{{.provider = std::make_shared<CountingProvider>(shared), .skill_sets = {}}} {}
  ~CountedPackage() override { shared_->destroyed = true; }
  const std::vector<Offer>& offers() const override { return offers_; }
  void Stop(absl::Time deadline) override {
    shared_->stopped_by = deadline;
    shared_->stopped.Notify();
  }
  std::vector<v1::ActorInfo> actors() const override { return {}; }
  const ActorLog& log(size_t /*index*/) const override { return log_; }

 private:
  Shared* const shared_;
  const std::vector<Offer> offers_;
  const ActorLog log_{"none", MakeNullLogger()};
};

class PackageDrainTest : public testing::Test {
 protected:
  void Add(absl::Duration grace, absl::Duration limit) {
    drain_.Add(std::make_unique<CountedPackage>(&shared_), grace, absl::Now() + limit, [this] {
      EXPECT_TRUE(shared_.destroyed);
      done_.Notify();
    });
  }

  Shared shared_;
  absl::Notification done_;
  PackageDrain drain_;
};

TEST_F(PackageDrainTest, WithoutCallsItGoesAfterTheGrace) {
  const absl::Time begin = absl::Now();
  Add(absl::Milliseconds(50), absl::Hours(1));
  ASSERT_TRUE(done_.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(50));
}

TEST_F(PackageDrainTest, WaitsForTheLastCall) {
  shared_.outstanding = 1;
  Add(absl::ZeroDuration(), absl::Hours(1));
  EXPECT_FALSE(shared_.stopped.WaitForNotificationWithTimeout(absl::Milliseconds(100)));
  shared_.outstanding = 0;
  EXPECT_TRUE(done_.WaitForNotificationWithTimeout(kTestPatience));
}

TEST_F(PackageDrainTest, ButNotBeyondTheDeadline) {
  shared_.outstanding = 1;
  const absl::Time begin = absl::Now();
  Add(absl::ZeroDuration(), absl::Milliseconds(50));
  ASSERT_TRUE(done_.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(50));
  EXPECT_LE(shared_.stopped_by, absl::Now());
}

TEST_F(PackageDrainTest, FinishNeedsNoGrace) {
  Add(absl::Hours(1), absl::Hours(1));
  drain_.Finish(absl::Now() + absl::Hours(1));
  EXPECT_TRUE(done_.HasBeenNotified());
}

TEST_F(PackageDrainTest, FinishBringsTheDeadlineForward) {
  shared_.outstanding = 1;
  Add(absl::Hours(1), absl::Hours(1));
  drain_.Finish(absl::Now() + absl::Milliseconds(50));
  EXPECT_TRUE(done_.HasBeenNotified());
  drain_.Finish(absl::Now());
}

TEST_F(PackageDrainTest, SeveralLeaveByThemselves) {
  shared_.outstanding = 1;
  Add(absl::ZeroDuration(), absl::Hours(1));
  Shared other;
  absl::Notification other_done;
  drain_.Add(std::make_unique<CountedPackage>(&other), absl::ZeroDuration(), absl::InfiniteFuture(),
             [&other_done] { other_done.Notify(); });
  EXPECT_TRUE(other_done.WaitForNotificationWithTimeout(kTestPatience));
  EXPECT_FALSE(done_.HasBeenNotified());
  shared_.outstanding = 0;
  EXPECT_TRUE(done_.WaitForNotificationWithTimeout(kTestPatience));
}

}  // namespace
}  // namespace paranet
