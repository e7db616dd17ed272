#include "core/rpc/rpc_queue.h"

namespace paranet {

void RpcQueue::BeginCall() {
  absl::MutexLock lock(&mu_);
  ++calls_;
}

void RpcQueue::EndCall() {
  absl::MutexLock lock(&mu_);
  --calls_;
}

bool RpcQueue::Enter() {
  absl::MutexLock lock(&mu_);
  if (closed_) return false;
  ++calls_;
  return true;
}

void RpcQueue::Close() {
  {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }
  AwaitIdle();
}

void RpcQueue::AwaitIdle() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(
      +[](int64_t* calls) { return *calls == 0; }, &calls_));
}

void RpcQueue::Poll() {
  void* tag = nullptr;
  bool ok = false;
  while (true) {
    polling_.fetch_add(1, std::memory_order_seq_cst);
    const bool more = queue_->Next(&tag, &ok);
    polling_.fetch_sub(1, std::memory_order_seq_cst);
    if (!more) return;
    static_cast<RpcTag*>(tag)->Complete(ok);
  }
}

}  // namespace paranet
