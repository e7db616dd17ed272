#include "core/worker/serve_threads.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

// Threads that read what the test writes: functions, which become jobs.
class ServeThreadsTest : public testing::Test {
 public:
  bool AllRead() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return sent_.empty(); }

 protected:
  struct FunctionJob final : ServeThreads::Job {
    explicit FunctionJob(std::function<void()> f) : function(std::move(f)) {}
    void Run() override { function(); }
    bool dropped() const override { return false; }
    const std::function<void()> function;
  };

  void Start(bool concurrent, int max_threads = 16) {
    threads_ = std::make_shared<ServeThreads>(ServeThreads::Options{
        .concurrent = concurrent,
        .max_threads = max_threads,
        .read = [this] { return Read(); },
        .flush = [this] { ++flushes_; },
    });
    main_ = std::thread([this] { threads_->Loop(); });
  }

  void TearDown() override {
    {
      absl::MutexLock lock(&mu_);
      closed_ = true;
    }
    main_.join();
    threads_->Exit();
    EXPECT_TRUE(threads_->WaitForAll(absl::Now() + kPatience));
  }

  void Send(std::function<void()> function) {
    absl::MutexLock lock(&mu_);
    sent_.push_back(std::move(function));
  }

  bool Read() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](ServeThreadsTest* self) { return self->closed_ || !self->sent_.empty(); }, this));
    if (closed_) return false;
    while (!sent_.empty()) {
      threads_->Push(std::make_shared<FunctionJob>(std::move(sent_.front())));
      sent_.pop_front();
    }
    return true;
  }

  std::shared_ptr<ServeThreads> threads_;
  std::thread main_;
  std::atomic<int> flushes_ = 0;
  absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<std::function<void()>> sent_ ABSL_GUARDED_BY(mu_);
};

TEST_F(ServeThreadsTest, OneAtATimeNeverRunsTwo) {
  Start(false);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  absl::Notification last;
  for (int i = 0; i < 1'000; ++i) {
    Send([&, i] {
      most = std::max(most.load(), ++running);
      --running;
      if (i == 999) last.Notify();
    });
  }
  ASSERT_TRUE(last.WaitForNotificationWithTimeout(kPatience));
  EXPECT_EQ(most, 1);
}

TEST_F(ServeThreadsTest, OthersReadWhileAHandlerRuns) {
  Start(false);
  absl::Notification began;
  absl::Notification read;
  Send([&] {
    began.Notify();
    // Does not block in the host: what is sent later is read all the same.
    EXPECT_TRUE(read.WaitForNotificationWithTimeout(kPatience));
  });
  ASSERT_TRUE(began.WaitForNotificationWithTimeout(kPatience));
  absl::Notification second;
  Send([&] { second.Notify(); });
  {
    absl::MutexLock lock(&mu_);
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(static_cast<ServeThreadsTest*>(this), &ServeThreadsTest::AllRead),
                                     kPatience));
  }
  EXPECT_FALSE(second.HasBeenNotified()) << "one at a time";
  read.Notify();
  EXPECT_TRUE(second.WaitForNotificationWithTimeout(kPatience));
}

TEST_F(ServeThreadsTest, AHandlerThatBlocksInTheHostLetsOthersRun) {
  Start(false);
  absl::Notification second;
  absl::Notification first;
  Send([&] {
    {
      const ServeThreads::Blocked blocked(*threads_);
      EXPECT_FALSE(threads_->inside());
      EXPECT_TRUE(second.WaitForNotificationWithTimeout(kPatience));
    }
    EXPECT_TRUE(threads_->inside());
    first.Notify();
  });
  Send([&] { second.Notify(); });
  EXPECT_TRUE(first.WaitForNotificationWithTimeout(kPatience));
}

TEST_F(ServeThreadsTest, ConcurrentJobsRunTogether) {
  Start(true);
  absl::Notification all;
  std::atomic<int> there = 0;
  absl::BlockingCounter ended(5);
  for (int i = 0; i < 5; ++i) {
    Send([&] {
      if (++there == 5) all.Notify();
      EXPECT_TRUE(all.WaitForNotificationWithTimeout(kPatience)) << "none waits for another";
      ended.DecrementCount();
    });
  }
  ended.Wait();
}

TEST_F(ServeThreadsTest, ThreadsOfTheirOwnHoldTheLaneToo) {
  Start(false);
  absl::Notification go;
  absl::Notification in_lane;
  absl::Notification done;
  ASSERT_TRUE(threads_->RunOnThread([&] {
    in_lane.Notify();
    EXPECT_TRUE(go.WaitForNotificationWithTimeout(kPatience));
  }));
  ASSERT_TRUE(in_lane.WaitForNotificationWithTimeout(kPatience));
  Send([&] { done.Notify(); });
  EXPECT_FALSE(done.HasBeenNotified());
  go.Notify();
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(kPatience));
}

TEST_F(ServeThreadsTest, KnowsThatNothingComesToAnEnd) {
  Start(false);
  absl::Notification began;
  absl::Notification go;
  Send([&] {
    began.Notify();
    go.WaitForNotification();
  });
  ASSERT_TRUE(began.WaitForNotificationWithTimeout(kPatience));
  // The first answer may see what ended before.
  threads_->Stuck();
  EXPECT_TRUE(threads_->Stuck());
  go.Notify();
  absl::Notification next;
  Send([&] { next.Notify(); });
  ASSERT_TRUE(next.WaitForNotificationWithTimeout(kPatience));
  EXPECT_FALSE(threads_->Stuck());
}

TEST_F(ServeThreadsTest, SomebodyReadsAlthoughAllJobsAreBlocked) {
  constexpr int kThreads = 3;
  Start(/*concurrent=*/true, kThreads);
  absl::BlockingCounter blocked(kThreads);
  absl::Notification answered;
  absl::BlockingCounter ended(kThreads + 1);
  for (int i = 0; i < kThreads; ++i) {
    Send([&] {
      {
        const ServeThreads::Blocked waiting(*threads_);
        blocked.DecrementCount();
        answered.WaitForNotification();
      }
      ended.DecrementCount();
    });
  }
  blocked.Wait();
  // It cannot run now; what the others wait for would come the same way.
  Send([&] { ended.DecrementCount(); });
  {
    absl::MutexLock lock(&mu_);
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(static_cast<ServeThreadsTest*>(this), &ServeThreadsTest::AllRead),
                                     kPatience));
  }
  answered.Notify();
  ended.Wait();
}

}  // namespace
}  // namespace paranet
