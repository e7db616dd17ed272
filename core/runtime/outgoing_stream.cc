#include "core/runtime/outgoing_stream.h"

#include <utility>

#include "core/runtime/native_call.h"

namespace paranet {

class OutgoingStream::ServerEnd final : public ServerStream {
 public:
  explicit ServerEnd(std::shared_ptr<OutgoingStream> stream) : stream_(std::move(stream)) {}
  ~ServerEnd() override { stream_->Finish(absl::InternalError("the skill's provider dropped the call")); }
  ServerEnd(const ServerEnd&) = delete;
  ServerEnd& operator=(const ServerEnd&) = delete;

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { stream_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    stream_->Write(std::move(payload), std::move(done));
  }
  void Finish(absl::Status status, Metadata) override { stream_->Finish(std::move(status)); }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { stream_->OnCancel(std::move(cancelled)); }

 private:
  const std::shared_ptr<OutgoingStream> stream_;
};

std::shared_ptr<ServerStream> OutgoingStream::TakeServerEnd() {
  return std::make_shared<ServerEnd>(shared_from_this());
}

bool OutgoingStream::Send(ActorLock& lock, absl::string_view message) {
  Payload payload = MakePayload(message);
  bool may = false;
  {
    absl::MutexLock mutex_lock(&mu_);
    may = MaySend();
  }
  if (!may) {
    const ActorLock::Suspended suspended(lock);
    absl::MutexLock mutex_lock(&mu_);
    mu_.Await(absl::Condition(this, &OutgoingStream::MaySend));
  }
  absl::AnyInvocable<void(std::optional<Payload>)> reading;
  {
    absl::MutexLock mutex_lock(&mu_);
    if (over_ || send_closed_) return false;
    reading = std::exchange(reading_, nullptr);
    if (reading == nullptr) {
      outbox_.Push(std::move(payload));
      return true;
    }
  }
  reading(std::move(payload));
  return true;
}

void OutgoingStream::CloseSend() {
  absl::AnyInvocable<void(std::optional<Payload>)> reading;
  {
    absl::MutexLock lock(&mu_);
    send_closed_ = true;
    reading = std::exchange(reading_, nullptr);
  }
  if (reading != nullptr) reading(std::nullopt);
}

bool OutgoingStream::Receive(ActorLock& lock, paranet_bytes* message) {
  bool may = false;
  {
    absl::MutexLock mutex_lock(&mu_);
    may = MayReceive();
  }
  if (!may) {
    const ActorLock::Suspended suspended(lock);
    absl::MutexLock mutex_lock(&mu_);
    mu_.Await(absl::Condition(this, &OutgoingStream::MayReceive));
  }
  absl::AnyInvocable<void(bool)> writing;
  {
    absl::MutexLock mutex_lock(&mu_);
    if (inbox_.messages.empty()) return false;
    current_ = SingleSlice(inbox_.Pop());
    if (inbox_.HasRoom()) writing = std::exchange(writing_, nullptr);
  }
  message->data = current_.begin();
  message->size = current_.size();
  if (writing != nullptr) writing(true);
  return true;
}

absl::Status OutgoingStream::Outcome(ActorLock& lock) {
  const ActorLock::Suspended suspended(lock);
  absl::MutexLock mutex_lock(&mu_);
  mu_.Await(absl::Condition(&over_));
  return status_;
}

void OutgoingStream::End(absl::Status status) {
  absl::AnyInvocable<void()> cancelled;
  absl::AnyInvocable<void(std::optional<Payload>)> reading;
  absl::AnyInvocable<void(bool)> writing;
  {
    absl::MutexLock lock(&mu_);
    if (over_) return;
    over_ = true;
    status_ = std::move(status);
    outbox_ = {};
    inbox_ = {};
    cancelled = std::exchange(cancelled_, nullptr);
    reading = std::exchange(reading_, nullptr);
    writing = std::exchange(writing_, nullptr);
  }
  if (cancelled != nullptr) cancelled();
  if (reading != nullptr) reading(std::nullopt);
  if (writing != nullptr) writing(false);
}

void OutgoingStream::Read(absl::AnyInvocable<void(std::optional<Payload>)> done) {
  std::optional<Payload> message;
  {
    absl::MutexLock lock(&mu_);
    if (!over_ && !outbox_.messages.empty()) {
      message = outbox_.Pop();
    } else if (!over_ && !send_closed_) {
      reading_ = std::move(done);
      return;
    }
  }
  done(std::move(message));
}

void OutgoingStream::Write(Payload message, absl::AnyInvocable<void(bool)> done) {
  bool ok = false;
  {
    absl::MutexLock lock(&mu_);
    if (!over_) {
      inbox_.Push(std::move(message));
      if (!inbox_.HasRoom()) {
        writing_ = std::move(done);
        return;
      }
      ok = true;
    }
  }
  done(ok);
}

void OutgoingStream::Finish(absl::Status status) {
  absl::AnyInvocable<void()> cancelled;
  absl::AnyInvocable<void(std::optional<Payload>)> reading;
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(finished_, true) || over_) return;
    over_ = true;
    status_ = std::move(status);
    // What it sent before is still there to be received.
    outbox_ = {};
    cancelled = std::exchange(cancelled_, nullptr);
    reading = std::exchange(reading_, nullptr);
  }
  if (reading != nullptr) reading(std::nullopt);
}

void OutgoingStream::OnCancel(absl::AnyInvocable<void()> cancelled) {
  {
    absl::MutexLock lock(&mu_);
    if (finished_) return;
    if (!over_) {
      cancelled_ = std::move(cancelled);
      return;
    }
  }
  cancelled();
}

}  // namespace paranet
