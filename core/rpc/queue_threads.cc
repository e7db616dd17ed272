#include "core/rpc/queue_threads.h"

namespace paranet {

QueueThreads::QueueThreads(int threads) : rpc_queue_(&queue_) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { rpc_queue_.Poll(); });
}

QueueThreads::~QueueThreads() {
  rpc_queue_.AwaitIdle();
  queue_.Shutdown();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace paranet
