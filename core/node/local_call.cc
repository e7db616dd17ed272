#include "core/node/local_call.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace paranet {
namespace {

// Payloads that wait in each direction.
constexpr size_t kWaiting = 16;

}  // namespace

class LocalCall::ProviderEnd final : public ServerStream {
 public:
  explicit ProviderEnd(std::shared_ptr<LocalCall> call) : call_(std::move(call)) {}
  ~ProviderEnd() override { call_->Finish(absl::InternalError("the provider dropped the call without an answer")); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { call_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override { call_->Write(payload, std::move(done)); }
  void Finish(absl::Status status, Metadata /*trailers*/) override { call_->Finish(std::move(status)); }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { call_->OnCancel(std::move(cancelled)); }

 private:
  const std::shared_ptr<LocalCall> call_;
};

std::shared_ptr<LocalCall> LocalCall::Create() { return std::shared_ptr<LocalCall>(new LocalCall()); }

std::shared_ptr<ServerStream> LocalCall::TakeServerStream() {
  return std::make_shared<ProviderEnd>(shared_from_this());
}

bool LocalCall::CanSend() const { return ended_ || requests_.size() < kWaiting; }

bool LocalCall::Send(Payload request) {
  {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(this, &LocalCall::CanSend));
    if (ended_) return false;
    if (pending_read_) {
      callbacks_.push_back([done = std::exchange(pending_read_, nullptr), request]() mutable { done(request); });
    } else {
      requests_.push_back(std::move(request));
    }
  }
  RunCallbacks();
  return true;
}

void LocalCall::HalfClose() {
  {
    absl::MutexLock lock(&mu_);
    half_closed_ = true;
    if (pending_read_) {
      callbacks_.push_back([done = std::exchange(pending_read_, nullptr)]() mutable { done(std::nullopt); });
    }
  }
  RunCallbacks();
}

bool LocalCall::CanReceive() const { return ended_ || !responses_.empty(); }

std::optional<Payload> LocalCall::Receive(absl::Time deadline) {
  std::optional<Payload> response;
  bool late = false;
  {
    absl::MutexLock lock(&mu_);
    late = !mu_.AwaitWithDeadline(absl::Condition(this, &LocalCall::CanReceive), deadline);
    if (!late && !responses_.empty()) {
      response = std::move(responses_.front());
      responses_.pop_front();
      if (pending_write_) {
        callbacks_.push_back([done = std::exchange(pending_write_, nullptr)]() mutable { done(true); });
      }
    }
  }
  if (late) Cancel(absl::DeadlineExceededError("the deadline passed before the call had ended"));
  RunCallbacks();
  return response;
}

void LocalCall::EndPending() {
  if (pending_read_) {
    callbacks_.push_back([done = std::exchange(pending_read_, nullptr)]() mutable { done(std::nullopt); });
  }
  if (pending_write_) {
    callbacks_.push_back([done = std::exchange(pending_write_, nullptr)]() mutable { done(false); });
  }
}

void LocalCall::Cancel(absl::Status why) {
  {
    absl::MutexLock lock(&mu_);
    if (ended_) {
      responses_.clear();
      return;
    }
    ended_ = true;
    cancelled_ = true;
    status_ = std::move(why);
    requests_.clear();
    responses_.clear();
    EndPending();
    if (on_cancel_) callbacks_.push_back(std::exchange(on_cancel_, nullptr));
  }
  RunCallbacks();
}

absl::Status LocalCall::status() const {
  absl::MutexLock lock(&mu_);
  return status_;
}

void LocalCall::Read(absl::AnyInvocable<void(std::optional<Payload>)> done) {
  {
    absl::MutexLock lock(&mu_);
    if (!ended_ && !requests_.empty()) {
      callbacks_.push_back([done = std::move(done), request = requests_.front()]() mutable { done(request); });
      requests_.pop_front();
    } else if (ended_ || half_closed_) {
      callbacks_.push_back([done = std::move(done)]() mutable { done(std::nullopt); });
    } else {
      pending_read_ = std::move(done);
    }
  }
  RunCallbacks();
}

void LocalCall::Write(Payload payload, absl::AnyInvocable<void(bool)> done) {
  {
    absl::MutexLock lock(&mu_);
    if (ended_) {
      callbacks_.push_back([done = std::move(done)]() mutable { done(false); });
    } else {
      responses_.push_back(std::move(payload));
      if (responses_.size() < kWaiting) {
        callbacks_.push_back([done = std::move(done)]() mutable { done(true); });
      } else {
        pending_write_ = std::move(done);
      }
    }
  }
  RunCallbacks();
}

void LocalCall::Finish(absl::Status status) {
  absl::AnyInvocable<void()> dropped;
  {
    absl::MutexLock lock(&mu_);
    // Nobody will cancel any more; destroyed outside of the lock, because it may hold the last reference to something.
    dropped = std::exchange(on_cancel_, nullptr);
    if (ended_) return;
    ended_ = true;
    status_ = std::move(status);
    requests_.clear();
    EndPending();
  }
  RunCallbacks();
}

void LocalCall::OnCancel(absl::AnyInvocable<void()> cancelled) {
  {
    absl::MutexLock lock(&mu_);
    if (cancelled_) {
      callbacks_.push_back(std::move(cancelled));
    } else if (!ended_) {
      on_cancel_ = std::move(cancelled);
    }
  }
  RunCallbacks();
}

void LocalCall::RunCallbacks() {
  // A callback may drop the last other reference.
  const std::shared_ptr<LocalCall> self = shared_from_this();
  absl::MutexLock lock(&mu_);
  if (running_callbacks_) return;
  running_callbacks_ = true;
  while (!callbacks_.empty()) {
    {
      absl::AnyInvocable<void()> callback = std::move(callbacks_.front());
      callbacks_.pop_front();
      mu_.Unlock();
      callback();
      callback = nullptr;
      mu_.Lock();
    }
  }
  running_callbacks_ = false;
}

}  // namespace paranet
