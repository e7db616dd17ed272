// A completion queue that knows how many calls are on it, so that it is never shut down under one of them.
#ifndef PARANET_CORE_RPC_RPC_QUEUE_H_
#define PARANET_CORE_RPC_RPC_QUEUE_H_

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/completion_queue.h"

namespace paranet {

// What is handed to gRPC as a tag: something that runs when its operation has completed.
class RpcTag {
 public:
  virtual ~RpcTag() = default;
  // `ok` as in grpc::CompletionQueue::Next. Runs on a thread that polls the queue; must not block, but see
  // RpcQueue::IsPolled.
  virtual void Complete(bool ok) = 0;
};

// Thread-safe. Every tag on the queue is an RpcTag.
class RpcQueue {
 public:
  // `queue` must outlive this object.
  explicit RpcQueue(grpc::CompletionQueue* queue) : queue_(queue) {}
  RpcQueue(const RpcQueue&) = delete;
  RpcQueue& operator=(const RpcQueue&) = delete;

  grpc::CompletionQueue* get() { return queue_; }

  // Around every call that begins operations on the queue outside of the server's own shutdown.
  void BeginCall();
  void EndCall();
  // BeginCall for one moment: around the start of an operation of a server's call, which may outlive the server. False
  // after Close: the operation must not begin.
  bool Enter();
  void Leave() { EndCall(); }
  // Blocks until each BeginCall has had its EndCall.
  void AwaitIdle();
  // Lets nothing Enter any more, then AwaitIdle: the queue may be shut down.
  void Close();

  // Completes tags until the queue has been shut down and drained: the body of a polling thread.
  void Poll();

  // Whether a thread waits for tags at this moment. A tag that finds one may block its own thread, if it must: whoever
  // waits may not do the same, unless another waits then, so one thread is always left to complete tags.
  bool IsPolled() const { return polling_.load(std::memory_order_seq_cst) > 0; }

 private:
  grpc::CompletionQueue* const queue_;
  std::atomic<int> polling_ = 0;
  absl::Mutex mu_;
  int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_RPC_QUEUE_H_
