// A completion queue with threads that poll it, for calls that belong to no server.
#ifndef PARANET_CORE_RPC_QUEUE_THREADS_H_
#define PARANET_CORE_RPC_QUEUE_THREADS_H_

#include <memory>
#include <thread>
#include <vector>

#include "core/rpc/rpc_queue.h"
#include "grpcpp/completion_queue.h"

namespace paranet {

class QueueThreads {
 public:
  explicit QueueThreads(int threads);
  // Waits for the calls on the queue to end (cancel them first), then joins the threads. Not to be run on one of them.
  ~QueueThreads();

  RpcQueue* queue() { return &rpc_queue_; }

 private:
  grpc::CompletionQueue queue_;
  RpcQueue rpc_queue_;
  std::vector<std::thread> threads_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_QUEUE_THREADS_H_
