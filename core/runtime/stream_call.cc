#include "core/runtime/stream_call.h"

#include <utility>

namespace paranet {

void StreamCall::Begin() {
  std::shared_ptr<ServerStream> stream;
  {
    absl::MutexLock lock(&mu_);
    stream = stream_;
  }
  // Weak: the stream must not keep itself alive through its own callback.
  stream->OnCancel([weak = weak_from_this()] {
    if (const std::shared_ptr<NativeCall> call = weak.lock()) {
      call->Abort(absl::CancelledError("the caller has cancelled the call"));
    }
  });
  {
    absl::MutexLock lock(&mu_);
    begun_ = true;
  }
  Pump();
}

bool StreamCall::Read(ActorLock& lock, paranet_bytes* message) {
  StartRead();
  bool readable = false;
  {
    absl::MutexLock mutex_lock(&mu_);
    readable = Readable();
  }
  if (!readable) {
    ActorLock::Suspended suspended(lock);
    absl::MutexLock mutex_lock(&mu_);
    mu_.Await(absl::Condition(this, &StreamCall::Readable));
  }
  {
    absl::MutexLock mutex_lock(&mu_);
    if (over_ || !inbox_.has_value()) return false;
    current_ = SingleSlice(*inbox_);
    inbox_.reset();
  }
  message->data = current_.begin();
  message->size = current_.size();
  if (context().skill->client_streams()) StartRead();
  return true;
}

void StreamCall::StartRead() {
  std::shared_ptr<ServerStream> stream;
  {
    absl::MutexLock lock(&mu_);
    if (over_ || reading_ || half_closed_ || inbox_.has_value()) return;
    reading_ = true;
    stream = stream_;
  }
  stream->Read([self = self()](std::optional<Payload> message) { self->OnRead(std::move(message)); });
}

void StreamCall::OnRead(std::optional<Payload> message) {
  absl::MutexLock lock(&mu_);
  reading_ = false;
  if (message.has_value()) {
    inbox_ = std::move(message);
  } else {
    half_closed_ = true;
  }
}

bool StreamCall::Write(ActorLock& lock, absl::string_view message) {
  bool writable = false;
  {
    absl::MutexLock mutex_lock(&mu_);
    writable = Writable();
  }
  if (!writable) {
    ActorLock::Suspended suspended(lock);
    absl::MutexLock mutex_lock(&mu_);
    mu_.Await(absl::Condition(this, &StreamCall::Writable));
  }
  {
    absl::MutexLock mutex_lock(&mu_);
    if (over_) return false;
    outbox_.push_back(MakePayload(message));
    outbox_bytes_ += message.size();
  }
  Pump();
  return true;
}

void StreamCall::Finish(const absl::Status& status) {
  bool first = false;
  {
    absl::MutexLock lock(&mu_);
    first = !std::exchange(actor_finished_, true);
    if (first && over_) return;
    if (first) {
      SetOver();
      status_ = status;
    }
  }
  if (!first) {
    owner().OnMisuse(*this, "finish for the second time");
    return;
  }
  CancelChildren();
  Pump();
}

void StreamCall::Abort(absl::Status status) {
  {
    absl::MutexLock lock(&mu_);
    if (stream_ == nullptr) return;
    // An actor that finished with OK while messages wait did not get them across: OK would not be true.
    if (!over_ || status_.ok()) status_ = std::move(status);
    SetOver();
    outbox_.clear();
    outbox_bytes_ = 0;
  }
  CancelChildren();
  Pump();
}

void StreamCall::Pump() {
  // The stream's callbacks may run inside of its functions: what they would do, the loop does.
  std::shared_ptr<ServerStream> finished;
  absl::Status status;
  Metadata trailers;
  mu_.Lock();
  if (pumping_) {
    mu_.Unlock();
    return;
  }
  pumping_ = true;
  while (!writing_ && !outbox_.empty()) {
    const Payload message = outbox_.front();
    outbox_.pop_front();
    outbox_bytes_ -= message.Length();
    writing_ = true;
    const std::shared_ptr<ServerStream> stream = stream_;
    mu_.Unlock();
    stream->Write(message, [self = self()](bool ok) { self->OnWritten(ok); });
    mu_.Lock();
  }
  if (begun_ && !writing_ && over_ && stream_ != nullptr) {
    finished = std::move(stream_);
    stream_ = nullptr;
    status = status_;
    trailers = std::move(trailers_);
  }
  pumping_ = false;
  mu_.Unlock();
  if (finished == nullptr) return;
  owner().OnEnded(*this);
  finished->Finish(std::move(status), std::move(trailers));
  Ended();
}

void StreamCall::OnWritten(bool ok) {
  {
    absl::MutexLock lock(&mu_);
    writing_ = false;
  }
  if (ok) {
    Pump();
  } else {
    Abort(absl::CancelledError("the caller is gone"));
  }
}

}  // namespace paranet
