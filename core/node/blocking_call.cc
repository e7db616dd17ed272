#include "core/node/blocking_call.h"

#include <memory>
#include <optional>
#include <utility>

namespace paranet {

std::shared_ptr<BlockingCall> BlockingCall::Create(std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<BlockingCall> call(new BlockingCall(std::move(stream)));
  // The stream is ours and lives as long: a strong reference would be a circle.
  call->stream_->OnCancel([weak = std::weak_ptr<BlockingCall>(call)] {
    const std::shared_ptr<BlockingCall> self = weak.lock();
    if (self == nullptr) return;
    std::function<void()> on_cancel;
    {
      absl::MutexLock lock(&self->mu_);
      self->cancelled_ = true;
      self->reads_closed_ = true;
      on_cancel = std::exchange(self->on_cancel_, nullptr);
    }
    if (on_cancel) on_cancel();
  });
  return call;
}

void BlockingCall::OnCancel(std::function<void()> cancelled) {
  {
    absl::MutexLock lock(&mu_);
    if (!cancelled_) {
      on_cancel_ = std::move(cancelled);
      return;
    }
  }
  cancelled();
}

std::optional<Payload> BlockingCall::Read() {
  {
    absl::MutexLock lock(&mu_);
    if (reads_closed_) return std::nullopt;
    reading_ = true;
  }
  stream_->Read([self = shared_from_this()](std::optional<Payload> payload) {
    absl::MutexLock lock(&self->mu_);
    self->read_ = std::move(payload);
    self->reading_ = false;
  });
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &BlockingCall::ReadEnded));
  if (reads_closed_) return std::nullopt;
  if (!read_.has_value()) reads_closed_ = true;
  return std::exchange(read_, std::nullopt);
}

void BlockingCall::CloseReads() {
  absl::MutexLock lock(&mu_);
  reads_closed_ = true;
}

bool BlockingCall::Write(const Payload& payload) {
  {
    absl::MutexLock lock(&mu_);
    if (cancelled_) return false;
    writing_ = true;
  }
  stream_->Write(payload, [self = shared_from_this()](bool ok) {
    absl::MutexLock lock(&self->mu_);
    self->written_ = ok;
    self->writing_ = false;
  });
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &BlockingCall::WriteEnded));
  return written_;
}

void BlockingCall::Finish(absl::Status status) { stream_->Finish(std::move(status), {}); }

}  // namespace paranet
