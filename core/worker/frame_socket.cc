#include "core/worker/frame_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>

namespace paranet {
namespace {

// A batch that was larger gives its memory back.
constexpr size_t kKeptBatch = size_t{1} << 20;

}  // namespace

void FrameSocket::Queue(const Frame& frame, absl::Span<const absl::string_view> pieces) {
  size_t payload = frame.payload.size();
  for (const absl::string_view piece : pieces) payload += piece.size();
  absl::MutexLock lock(&mu_);
  if (broken_) return;
  AppendFrame(frame, payload, queue_);
  queue_.append(frame.payload.data(), frame.payload.size());
  for (const absl::string_view piece : pieces) queue_.append(piece.data(), piece.size());
}

FrameSocket::Sent FrameSocket::Flush() {
  mu_.Lock();
  if (sending_ || broken_) {
    const Sent result = broken_ ? Sent::kBroken : Sent::kAll;
    mu_.Unlock();
    return result;
  }
  sending_ = true;
  Sent result = Sent::kAll;
  while (result == Sent::kAll) {
    if (batch_sent_ == batch_.size()) {
      if (batch_.capacity() > kKeptBatch) std::string().swap(batch_);
      batch_.clear();
      batch_sent_ = 0;
      batch_.swap(queue_);
      if (batch_.empty()) break;
    }
    mu_.Unlock();
    const ssize_t sent =
        ::send(fd_, batch_.data() + batch_sent_, batch_.size() - batch_sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    const int error = errno;
    mu_.Lock();
    if (sent >= 0) {
      batch_sent_ += static_cast<size_t>(sent);
    } else if (error == EAGAIN || error == ENOBUFS) {
      result = Sent::kBlocked;
    } else if (error != EINTR) {
      result = Sent::kBroken;
      broken_ = true;
      std::string().swap(batch_);
      std::string().swap(queue_);
      batch_sent_ = 0;
    }
  }
  batch_left_ = batch_.size() - batch_sent_;
  sending_ = false;
  mu_.Unlock();
  return result;
}

bool FrameSocket::FlushAll() {
  while (true) {
    switch (Flush()) {
      case Sent::kAll:
        return true;
      case Sent::kBroken:
        return false;
      case Sent::kBlocked:
        break;
    }
    pollfd polled = {.fd = fd_, .events = POLLOUT, .revents = 0};
    ::poll(&polled, 1, -1);
  }
}

size_t FrameSocket::pending() const {
  absl::MutexLock lock(&mu_);
  return queue_.size() + batch_left_;
}

}  // namespace paranet
