#include "federation/unary_stream.h"

#include <utility>

namespace paranet {

std::shared_ptr<UnaryStream> UnaryStream::Create(const Payload& request, absl::Time deadline,
                                                 std::shared_ptr<ControlThread> control, UnaryDone done) {
  auto stream = std::make_shared<UnaryStream>(request, std::move(control), std::move(done));
  if (deadline != absl::InfiniteFuture()) {
    absl::MutexLock lock(&stream->mu_);
    stream->timer_ = stream->control_->At(deadline, [weak = stream->weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->GiveUp(absl::DeadlineExceededError("the deadline passed before the peer answered"));
      }
    });
  }
  return stream;
}

UnaryStream::~UnaryStream() { End({.status = absl::InternalError("the node dropped the call")}); }

void UnaryStream::Read(absl::AnyInvocable<void(std::optional<Payload>)> done) {
  std::optional<Payload> request;
  {
    absl::MutexLock lock(&mu_);
    request = std::exchange(request_, std::nullopt);
    if (gave_up_) request = std::nullopt;
  }
  done(std::move(request));
}

void UnaryStream::Write(Payload payload, absl::AnyInvocable<void(bool)> done) {
  bool open;
  {
    absl::MutexLock lock(&mu_);
    open = !gave_up_;
    if (response_.has_value()) second_response_ = true;
    response_ = std::move(payload);
  }
  done(open);
}

void UnaryStream::Finish(absl::Status status, Metadata trailers) {
  UnaryResult result{.status = std::move(status), .trailers = std::move(trailers)};
  {
    absl::MutexLock lock(&mu_);
    if (result.status.ok() && (!response_.has_value() || second_response_)) {
      result.status = absl::InternalError(second_response_ ? "the peer answered a unary call more than once"
                                                           : "the peer ended a unary call without an answer");
    }
    if (result.status.ok()) result.response = *std::move(response_);
  }
  End(std::move(result));
}

void UnaryStream::OnCancel(absl::AnyInvocable<void()> cancelled) {
  {
    absl::MutexLock lock(&mu_);
    if (!gave_up_) {
      if (done_) on_cancel_ = std::move(cancelled);
      return;
    }
  }
  cancelled();
}

void UnaryStream::Cancel() { GiveUp(absl::CancelledError("the caller gave up")); }

void UnaryStream::GiveUp(const absl::Status& status) {
  absl::AnyInvocable<void()> cancelled;
  {
    absl::MutexLock lock(&mu_);
    if (!done_) return;
    gave_up_ = true;
    cancelled = std::exchange(on_cancel_, nullptr);
  }
  // First, because the cancelled side finishes the stream in its own words.
  End({.status = status});
  if (cancelled) cancelled();
}

void UnaryStream::End(UnaryResult result) {
  UnaryDone done;
  absl::AnyInvocable<void()> on_cancel;
  uint64_t timer = 0;
  {
    absl::MutexLock lock(&mu_);
    done = std::exchange(done_, nullptr);
    on_cancel = std::exchange(on_cancel_, nullptr);
    timer = std::exchange(timer_, 0);
  }
  if (timer != 0) control_->Cancel(timer);
  if (done) done(std::move(result));
}

namespace {

// Hands a cancellation to the provider's call, whichever of the two comes first.
class CancelRelay {
 public:
  void Cancel() {
    std::shared_ptr<CallHandle> handle;
    {
      absl::MutexLock lock(&mu_);
      cancelled_ = true;
      handle = handle_;
    }
    if (handle != nullptr) handle->Cancel();
  }
  void Set(std::shared_ptr<CallHandle> handle) {
    {
      absl::MutexLock lock(&mu_);
      handle_ = handle;
      if (!cancelled_) return;
    }
    if (handle != nullptr) handle->Cancel();
  }

 private:
  absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<CallHandle> handle_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

void ServeUnary(std::shared_ptr<ServerStream> stream, std::shared_ptr<Provider> provider, CallContext context) {
  auto relay = std::make_shared<CancelRelay>();
  stream->OnCancel([relay] { relay->Cancel(); });
  ServerStream* const reader = stream.get();
  reader->Read([stream = std::move(stream), provider = std::move(provider), context = std::move(context),
                relay](std::optional<Payload> request) mutable {
    if (!request.has_value()) {
      stream->Finish(absl::InvalidArgumentError("a unary call needs one request, and the caller sent none"), {});
      return;
    }
    relay->Set(provider->CallUnary(std::move(context), *std::move(request), [stream](UnaryResult result) {
      if (!result.status.ok()) {
        stream->Finish(std::move(result.status), std::move(result.trailers));
        return;
      }
      stream->Write(std::move(result.response), [stream, trailers = std::move(result.trailers)](bool) mutable {
        stream->Finish(absl::OkStatus(), std::move(trailers));
      });
    }));
  });
}

}  // namespace paranet
