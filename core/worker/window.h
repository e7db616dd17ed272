// How much of a stream may be on its way in one direction: so that neither side has to keep more than that.
#ifndef PARANET_CORE_WORKER_WINDOW_H_
#define PARANET_CORE_WORKER_WINDOW_H_

#include <cstddef>
#include <cstdint>

namespace paranet {

// Messages that were sent and not given back; one message of any size always fits into an empty window.
inline constexpr uint16_t kWindowMessages = 16;
inline constexpr int64_t kWindowBytes = int64_t{1} << 20;

// The sender's view. Not thread-safe.
class SendWindow {
 public:
  bool open() const { return messages_ < kWindowMessages && bytes_ < kWindowBytes; }
  void Sent(size_t bytes) {
    ++messages_;
    bytes_ += static_cast<int64_t>(bytes);
  }
  // False if more is given back than was sent.
  [[nodiscard]] bool Credit(uint16_t messages, int64_t bytes) {
    if (messages > messages_ || bytes < 0 || bytes > bytes_) return false;
    messages_ = static_cast<uint16_t>(messages_ - messages);
    bytes_ -= bytes;
    return true;
  }

 private:
  uint16_t messages_ = 0;
  int64_t bytes_ = 0;
};

// The receiver's view. Not thread-safe.
class ReceiveWindow {
 public:
  // False if the sender had no right to.
  [[nodiscard]] bool Received(size_t bytes) {
    if (messages_ >= kWindowMessages || bytes_ >= kWindowBytes) return false;
    ++messages_;
    bytes_ += static_cast<int64_t>(bytes);
    return true;
  }
  // One of the messages received has been used. True if it is time to give back what has been used since the last time,
  // which is then in *messages and *bytes: not for each message, but long before the window is closed.
  bool Used(size_t bytes, uint16_t* messages, int64_t* credit) {
    ++used_messages_;
    used_bytes_ += static_cast<int64_t>(bytes);
    if (used_messages_ < kWindowMessages / 2 && used_bytes_ < kWindowBytes / 2) return false;
    *messages = used_messages_;
    *credit = used_bytes_;
    messages_ = static_cast<uint16_t>(messages_ - used_messages_);
    bytes_ -= used_bytes_;
    used_messages_ = 0;
    used_bytes_ = 0;
    return true;
  }

 private:
  uint16_t messages_ = 0;
  int64_t bytes_ = 0;
  uint16_t used_messages_ = 0;
  int64_t used_bytes_ = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_WINDOW_H_
