// The sending half of a connection that carries frames, shared by many threads.
#ifndef PARANET_CORE_WORKER_FRAME_SOCKET_H_
#define PARANET_CORE_WORKER_FRAME_SOCKET_H_

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "core/worker/frame.h"

namespace paranet {

// Natural batching: who finds nobody sending sends all that is queued, with one system call, until nothing is left; who
// finds somebody sending leaves its frame to that thread. Does not own the descriptor. Thread-safe.
class FrameSocket {
 public:
  enum class Sent {
    // Nothing is left, or another thread takes care of it.
    kAll,
    // The other side does not read fast enough: call Flush when the descriptor is writable.
    kBlocked,
    // The connection is gone.
    kBroken,
  };

  explicit FrameSocket(int fd) : fd_(fd) {}
  FrameSocket(const FrameSocket&) = delete;
  FrameSocket& operator=(const FrameSocket&) = delete;

  // Queues a frame whose payload is in `pieces` (beside frame.payload, which must be empty then). Sends nothing.
  void Queue(const Frame& frame, absl::Span<const absl::string_view> pieces = {});
  // Sends what is queued; never blocks.
  Sent Flush();
  // Queue and Flush.
  Sent Send(const Frame& frame) {
    Queue(frame);
    return Flush();
  }
  // Flush, and waits where it is blocked. False if the connection is gone.
  bool FlushAll();

  // Bytes that are queued and not sent.
  size_t pending() const;
  int fd() const { return fd_; }

 private:
  const int fd_;
  mutable absl::Mutex mu_;
  std::string queue_ ABSL_GUARDED_BY(mu_);
  bool sending_ ABSL_GUARDED_BY(mu_) = false;
  bool broken_ ABSL_GUARDED_BY(mu_) = false;
  // Belongs to the thread that has set sending_, else guarded by mu_.
  std::string batch_;
  size_t batch_sent_ = 0;
  size_t batch_left_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_FRAME_SOCKET_H_
