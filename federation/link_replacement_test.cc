#include "federation/link_replacement.h"

#include <atomic>
#include <functional>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

class LinkReplacementTest : public testing::Test {
 protected:
  ~LinkReplacementTest() override {
    Do([this] { replacement_ = nullptr; });
  }
  // On the control thread, and waits for it.
  void Do(const std::function<void()>& what) {
    absl::Notification done;
    control_->Post([&] {
      what();
      done.Notify();
    });
    done.WaitForNotification();
  }
  bool WaitForDue(int count) {
    absl::MutexLock lock(&mu_);
    const auto reached = [this, count] { return due_ >= count; };
    return mu_.AwaitWithTimeout(absl::Condition(&reached), kPatience);
  }
  int due() {
    absl::MutexLock lock(&mu_);
    return due_;
  }

  const std::shared_ptr<ControlThread> control_ = std::make_shared<ControlThread>();
  absl::Mutex mu_;
  int due_ ABSL_GUARDED_BY(mu_) = 0;
  std::unique_ptr<LinkReplacement> replacement_ = std::make_unique<LinkReplacement>(control_, [this] {
    absl::MutexLock lock(&mu_);
    ++due_;
  });
};

TEST_F(LinkReplacementTest, ComesWhenTwoThirdsOfTheCertificateAreOver) {
  const absl::Time begin = absl::Now();
  Do([this] { replacement_->Up(absl::Seconds(2)); });
  ASSERT_TRUE(WaitForDue(1));
  EXPECT_GE(absl::Now() - begin, absl::Seconds(1.2));
}

TEST_F(LinkReplacementTest, ComesSoonWhenItIsAskedFor) {
  Do([this] {
    replacement_->Up(absl::Hours(24));
    replacement_->Request();
    replacement_->Request();
  });
  ASSERT_TRUE(WaitForDue(1));
  // Until the outcome is known nothing else begins; then what was asked for meanwhile does.
  Do([this] { replacement_->Request(); });
  EXPECT_EQ(due(), 1);
  Do([this] { replacement_->Up(absl::Hours(24)); });
  ASSERT_TRUE(WaitForDue(2));
}

TEST_F(LinkReplacementTest, KeepsAPauseBetweenConnections) {
  const absl::Time begin = absl::Now();
  Do([this] { replacement_->Up(absl::Hours(24)); });
  for (int i = 1; i <= 3; ++i) {
    Do([this] { replacement_->Request(); });
    ASSERT_TRUE(WaitForDue(i));
    Do([this] { replacement_->Up(absl::Hours(24)); });
  }
  EXPECT_GE(absl::Now() - begin, absl::Seconds(1.5));
}

TEST_F(LinkReplacementTest, IsTriedAgainAfterAFailure) {
  Do([this] {
    replacement_->Up(absl::Hours(24));
    replacement_->Request();
  });
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(WaitForDue(i));
    Do([this] { replacement_->Failed(); });
  }
  ASSERT_TRUE(WaitForDue(4));
}

TEST_F(LinkReplacementTest, WhatChangesWhileTheLinkIsDialledIsRemembered) {
  Do([this] {
    // Before the attempt: it begins with what has changed.
    replacement_->Request();
    replacement_->Dialling();
    replacement_->Request();
    replacement_->Up(absl::Hours(24));
  });
  ASSERT_TRUE(WaitForDue(1));
  Do([this] { replacement_->Up(absl::InfiniteDuration()); });
  EXPECT_EQ(due(), 1);
}

TEST_F(LinkReplacementTest, NothingComesAfterStop) {
  Do([this] {
    replacement_->Up(absl::Hours(24));
    replacement_->Request();
    replacement_->Stop();
    replacement_->Failed();
  });
  absl::Notification later;
  control_->At(absl::Now() + absl::Seconds(1), [&] { later.Notify(); });
  later.WaitForNotification();
  EXPECT_EQ(due(), 0);
}

}  // namespace
}  // namespace paranet
