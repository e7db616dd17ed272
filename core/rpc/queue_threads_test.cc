#include "core/rpc/queue_threads.h"

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "grpcpp/alarm.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class NotifyTag final : public RpcTag {
 public:
  void Complete(bool ok) override {
    ok_ = ok;
    done_.Notify();
  }
  bool Wait() {
    done_.WaitForNotification();
    return ok_;
  }

 private:
  bool ok_ = false;
  absl::Notification done_;
};

TEST(QueueThreads, CompleteTags) {
  QueueThreads threads(2);
  NotifyTag tag;
  grpc::Alarm alarm;
  alarm.Set(threads.queue()->get(), gpr_now(GPR_CLOCK_MONOTONIC), &tag);
  EXPECT_TRUE(tag.Wait());
}

TEST(QueueThreads, AreNotShutDownUnderACall) {
  std::atomic<bool> destroyed = false;
  std::thread waiter;
  absl::Notification begun;
  auto threads = std::make_unique<QueueThreads>(1);
  RpcQueue* queue = threads->queue();
  queue->BeginCall();
  waiter = std::thread([&] {
    begun.Notify();
    threads.reset();
    destroyed = true;
  });
  begun.WaitForNotification();
  NotifyTag tag;
  grpc::Alarm alarm;
  alarm.Set(queue->get(), gpr_now(GPR_CLOCK_MONOTONIC), &tag);
  EXPECT_TRUE(tag.Wait());
  EXPECT_FALSE(destroyed);
  queue->EndCall();
  waiter.join();
  EXPECT_TRUE(destroyed);
}

}  // namespace
}  // namespace paranet
