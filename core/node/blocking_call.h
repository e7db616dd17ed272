// An incoming call for a thread that may wait.
#ifndef PARANET_CORE_NODE_BLOCKING_CALL_H_
#define PARANET_CORE_NODE_BLOCKING_CALL_H_

#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/payload.h"
#include "core/skill/provider.h"

namespace paranet {

// Read is for one thread, Write and Finish for one; the rest for any.
class BlockingCall : public std::enable_shared_from_this<BlockingCall> {
 public:
  // Nothing may have been read from or written to `stream`, nor its OnCancel set.
  static std::shared_ptr<BlockingCall> Create(std::shared_ptr<ServerStream> stream);

  // Runs when the client has given up or the deadline has passed, on any thread; at once if that has happened. Once.
  void OnCancel(std::function<void()> cancelled);
  // The next message; nullopt when there are no more, after CloseReads, or when the call is cancelled.
  std::optional<Payload> Read();
  // Makes Read return nullopt now and from now on.
  void CloseReads();
  // Blocks until there is room; false if the call is cancelled.
  bool Write(const Payload& payload);
  // Ends the call; once.
  void Finish(absl::Status status);

 private:
  explicit BlockingCall(std::shared_ptr<ServerStream> stream) : stream_(std::move(stream)) {}

  bool ReadEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return reads_closed_ || !reading_; }
  bool WriteEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !writing_; }

  const std::shared_ptr<ServerStream> stream_;
  absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  std::function<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
  bool reads_closed_ ABSL_GUARDED_BY(mu_) = false;
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<Payload> read_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool written_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_BLOCKING_CALL_H_
