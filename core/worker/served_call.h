// A call that an actor behind the C ABI serves, as its worker keeps it.
#ifndef PARANET_CORE_WORKER_SERVED_CALL_H_
#define PARANET_CORE_WORKER_SERVED_CALL_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/worker/frame.h"
#include "core/worker/window.h"

namespace paranet {

// One call in either direction that streams: what has come and was not read, what may be sent. Thread-safe.
class StreamEnds {
 public:
  // Something has come. False if the other side had no right to send it.
  [[nodiscard]] bool Received(absl::string_view message) {
    absl::MutexLock lock(&mu_);
    if (over_) return true;
    if (half_closed_ || !receive_.Received(message.size())) return false;
    inbox_.emplace_back(message);
    return true;
  }
  void HalfClosed() {
    absl::MutexLock lock(&mu_);
    half_closed_ = true;
  }
  [[nodiscard]] bool Credited(uint16_t messages, int64_t bytes) {
    absl::MutexLock lock(&mu_);
    return send_.Credit(messages, bytes);
  }
  // Nothing can be sent any more; nor read, where not `keep_inbox`.
  void Over(bool keep_inbox) {
    absl::MutexLock lock(&mu_);
    over_ = true;
    half_closed_ = true;
    if (!keep_inbox) inbox_.clear();
  }
  bool over() const {
    absl::MutexLock lock(&mu_);
    return over_;
  }

  // The next message, if there is one; `wait` blocks for it until `deadline`. *credit_messages is not 0 if credit has
  // to be given.
  bool TakeMessage(bool wait, absl::Time deadline, std::string* message, uint16_t* credit_messages,
                   int64_t* credit_bytes) {
    absl::MutexLock lock(&mu_);
    if (wait) mu_.AwaitWithDeadline(absl::Condition(this, &StreamEnds::Readable), deadline);
    *credit_messages = 0;
    if (inbox_.empty()) return false;
    *message = std::move(inbox_.front());
    inbox_.pop_front();
    if (!receive_.Used(message->size(), credit_messages, credit_bytes)) *credit_messages = 0;
    return true;
  }
  bool readable() const {
    absl::MutexLock lock(&mu_);
    return Readable();
  }

  // Takes room for a message of `size` bytes; `wait` blocks for it until `deadline`. False if the call is over.
  bool TakeRoom(bool wait, absl::Time deadline, size_t size) {
    absl::MutexLock lock(&mu_);
    if (wait) mu_.AwaitWithDeadline(absl::Condition(this, &StreamEnds::Writable), deadline);
    if (over_ || !send_.open()) return false;
    send_.Sent(size);
    return true;
  }
  bool writable() const {
    absl::MutexLock lock(&mu_);
    return Writable();
  }

  // Blocks for `time`, true, or until the call is over, false.
  bool Sleep(absl::Duration time) {
    absl::MutexLock lock(&mu_);
    return !mu_.AwaitWithTimeout(absl::Condition(&over_), time);
  }
  void AwaitOver() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(&over_));
  }

 private:
  bool Readable() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !inbox_.empty() || half_closed_; }
  bool Writable() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return over_ || send_.open(); }

  mutable absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<std::string> inbox_ ABSL_GUARDED_BY(mu_);
  ReceiveWindow receive_ ABSL_GUARDED_BY(mu_);
  SendWindow send_ ABSL_GUARDED_BY(mu_);
};

// A call of this actor. What is not in `ends` is guarded by the server's mutex where it changes.
struct ServedCall {
  enum class Stage { kQueued, kInHandler, kLeft };

  uint64_t id = 0;
  size_t method = 0;
  bool streaming = false;
  absl::Time deadline = absl::InfiniteFuture();
  std::string caller;
  // Encoded list, and its entries.
  std::string list;
  FrameList metadata;
  std::string request;
  StreamEnds ends;
  // What was read last; belongs to the thread that reads.
  std::string current;

  // Guarded by the server.
  std::string trailers;
  // The node has been told the end.
  bool answered = false;
  Stage stage = Stage::kQueued;

  bool late() const { return deadline != absl::InfiniteFuture() && absl::Now() >= deadline; }
  bool over() const { return ends.over() || late(); }
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_SERVED_CALL_H_
