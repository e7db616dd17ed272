#include "core/runtime/framed/frame_stream.h"

#include <utility>

namespace paranet {

void FrameStream::Begin() {
  std::shared_ptr<ServerStream> stream;
  {
    absl::MutexLock lock(&mu_);
    stream = stream_;
  }
  // Weak: the stream must not keep itself alive through its own callback.
  stream->OnCancel([weak = weak_from_this()] {
    if (const std::shared_ptr<FrameStream> self = weak.lock()) {
      self->Abort(absl::CancelledError("the caller has cancelled the call"), true);
    }
  });
  {
    absl::MutexLock lock(&mu_);
    begun_ = true;
  }
  PumpWrites();
  PumpReads();
}

bool FrameStream::OnMessage(absl::string_view message) {
  {
    absl::MutexLock lock(&mu_);
    if (over_) return true;
    if (!receive_.Received(message.size())) return false;
    inbox_.push_back(MakePayload(message));
  }
  PumpWrites();
  return true;
}

bool FrameStream::OnCredit(uint16_t messages, int64_t bytes) {
  {
    absl::MutexLock lock(&mu_);
    if (over_) return true;
    if (!send_.Credit(messages, bytes)) return false;
  }
  PumpReads();
  return true;
}

void FrameStream::OnFinish(absl::Status status, Metadata trailers) {
  {
    absl::MutexLock lock(&mu_);
    if (over_) return;
    over_ = true;
    status_ = std::move(status);
    trailers_ = std::move(trailers);
  }
  PumpWrites();
}

void FrameStream::Abort(absl::Status status, bool tell) {
  {
    absl::MutexLock lock(&mu_);
    if (stream_ == nullptr) return;
    tell = tell && !over_;
    // A worker that finished with OK while messages wait did not get them across: OK would not be true.
    if (!over_ || status_.ok()) status_ = std::move(status);
    over_ = true;
    inbox_.clear();
  }
  if (tell) link_->Send({.type = FrameType::kCancel, .call = id_});
  PumpWrites();
}

bool FrameStream::over() const {
  absl::MutexLock lock(&mu_);
  return over_;
}

void FrameStream::PumpReads() {
  mu_.Lock();
  if (pumping_reads_) {
    mu_.Unlock();
    return;
  }
  pumping_reads_ = true;
  while (begun_ && !over_ && !reading_ && !half_closed_ && send_.open()) {
    reading_ = true;
    const std::shared_ptr<ServerStream> stream = stream_;
    mu_.Unlock();
    stream->Read([self = shared_from_this()](std::optional<Payload> message) { self->OnRead(std::move(message)); });
    mu_.Lock();
  }
  pumping_reads_ = false;
  mu_.Unlock();
}

void FrameStream::OnRead(std::optional<Payload> message) {
  bool closed = false;
  {
    absl::MutexLock lock(&mu_);
    reading_ = false;
    if (over_) return;
    if (message.has_value() && message->Length() <= kMaxFramePayload) {
      send_.Sent(message->Length());
      // Under the lock: messages stay in their order.
      link_->Send({.type = FrameType::kMessage, .call = id_}, *message);
      closed = !context_.skill->client_streams();
    } else {
      closed = true;
    }
    if (closed && !std::exchange(half_closed_, true)) link_->Send({.type = FrameType::kHalfClose, .call = id_});
  }
  PumpReads();
}

void FrameStream::PumpWrites() {
  std::shared_ptr<ServerStream> finished;
  absl::Status status;
  Metadata trailers;
  mu_.Lock();
  if (pumping_writes_) {
    mu_.Unlock();
    return;
  }
  pumping_writes_ = true;
  while (begun_ && !writing_ && !inbox_.empty()) {
    const Payload message = inbox_.front();
    inbox_.pop_front();
    writing_ = true;
    const std::shared_ptr<ServerStream> stream = stream_;
    mu_.Unlock();
    stream->Write(message,
                  [self = shared_from_this(), size = message.Length()](bool ok) { self->OnWritten(ok, size); });
    mu_.Lock();
  }
  if (begun_ && !writing_ && over_ && stream_ != nullptr) {
    finished = std::move(stream_);
    stream_ = nullptr;
    status = status_;
    trailers = std::move(trailers_);
  }
  pumping_writes_ = false;
  mu_.Unlock();
  if (finished != nullptr) finished->Finish(std::move(status), std::move(trailers));
}

void FrameStream::OnWritten(bool ok, size_t size) {
  uint16_t messages = 0;
  int64_t bytes = 0;
  bool credit = false;
  {
    absl::MutexLock lock(&mu_);
    writing_ = false;
    credit = ok && receive_.Used(size, &messages, &bytes) && !over_;
  }
  if (credit) link_->Send({.type = FrameType::kCredit, .code = messages, .call = id_, .number = bytes});
  if (ok) {
    PumpWrites();
  } else {
    Abort(absl::CancelledError("the caller is gone"), true);
  }
}

}  // namespace paranet
