#include "federation/carry_call.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "federation/call_frames.h"

namespace paranet {

CarryCall::CarryCall(std::shared_ptr<ServerStream> caller, Options options)
    : caller_(std::move(caller)),
      header_(std::move(options.header)),
      message_bytes_(options.message_bytes),
      aborted_(std::move(options.aborted)),
      ended_(std::move(options.ended)) {}

void CarryCall::Start() {
  caller_->OnCancel([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Abort(absl::CancelledError("the caller gave up"));
  });
}

void CarryCall::Attach(std::shared_ptr<MessageStream> stream) {
  bool over;
  {
    absl::MutexLock lock(&mu_);
    over = finish_.has_value();
    if (!over) stream_ = stream;
  }
  if (over) {
    stream->Abort();
    return;
  }
  stream->OnEnd([self = shared_from_this()](const absl::Status& status) {
    // The peer's status came before, if it came at all.
    const bool deadline = absl::IsDeadlineExceeded(status);
    self->Abort(deadline
                    ? absl::DeadlineExceededError("the deadline passed before the peer answered")
                    : absl::UnavailableError(absl::StrCat("the link was lost during the call: ", status.message())));
  });
  v1::CarryFrame frame;
  *frame.mutable_header() = header_;
  Send(frame, [self = shared_from_this()] { self->PumpRequests(); });
  PumpResponses();
}

void CarryCall::Abort(const absl::Status& status) {
  absl::AnyInvocable<void()> aborted;
  {
    absl::MutexLock lock(&mu_);
    if (!finish_.has_value()) aborted = std::exchange(aborted_, nullptr);
  }
  if (aborted) aborted();
  Finish(status, {});
}

void CarryCall::Send(const v1::CarryFrame& frame, absl::AnyInvocable<void()> then) {
  std::shared_ptr<MessageStream> stream;
  {
    absl::MutexLock lock(&mu_);
    if (finish_.has_value()) return;
    stream = stream_;
  }
  stream->Write(Encode(frame), [then = std::move(then)](bool ok) mutable {
    // A stream that is over says so by OnEnd.
    if (ok && then) then();
  });
}

void CarryCall::PumpRequests() {
  caller_->Read([self = shared_from_this()](std::optional<Payload> payload) {
    v1::CarryFrame frame;
    if (!payload.has_value()) {
      frame.mutable_half_close();
      self->Send(frame, nullptr);
      return;
    }
    if (payload->Length() + kFrameOverheadBytes > self->message_bytes_) {
      self->Abort(absl::ResourceExhaustedError(absl::StrCat("the request has ", payload->Length(),
                                                            " bytes, and a link carries at most ",
                                                            self->message_bytes_ - kFrameOverheadBytes)));
      return;
    }
    *frame.mutable_payload() = PayloadToString(*payload);
    self->Send(frame, [self] { self->PumpRequests(); });
  });
}

void CarryCall::PumpResponses() {
  std::shared_ptr<MessageStream> stream;
  {
    absl::MutexLock lock(&mu_);
    stream = stream_;
  }
  if (stream == nullptr) return;
  stream->Read([self = shared_from_this()](std::optional<Payload> message) {
    if (!message.has_value()) return;
    v1::CarryFrame frame;
    if (!Decode(*message, &frame)) {
      self->Abort(absl::InternalError("the peer sent a message that is no CarryFrame"));
      return;
    }
    self->OnFrame(std::move(frame));
  });
}

void CarryCall::OnFrame(v1::CarryFrame frame) {
  if (frame.has_status()) {
    Finish(GetStatus(frame.status()), GetMetadata(frame.status().trailers()));
    return;
  }
  if (!frame.has_payload()) {
    // Of a newer version.
    PumpResponses();
    return;
  }
  {
    absl::MutexLock lock(&mu_);
    if (finish_.has_value()) return;
    writing_ = true;
  }
  caller_->Write(MakePayload(std::move(*frame.mutable_payload())), [self = shared_from_this()](bool ok) {
    std::optional<std::pair<absl::Status, Metadata>> finish;
    absl::AnyInvocable<void()> ended;
    {
      absl::MutexLock lock(&self->mu_);
      self->writing_ = false;
      if (self->finish_.has_value() && !std::exchange(self->finished_, true)) {
        finish = self->finish_;
        ended = std::exchange(self->ended_, nullptr);
      }
    }
    if (finish.has_value()) {
      self->caller_->Finish(std::move(finish->first), std::move(finish->second));
      if (ended) ended();
      return;
    }
    if (ok) {
      self->PumpResponses();
    } else {
      self->Abort(absl::CancelledError("the caller is gone"));
    }
  });
}

void CarryCall::Finish(absl::Status status, Metadata trailers) {
  std::shared_ptr<MessageStream> stream;
  absl::AnyInvocable<void()> ended;
  bool now = false;
  {
    absl::MutexLock lock(&mu_);
    if (finish_.has_value()) return;
    finish_.emplace(status, trailers);
    stream = std::exchange(stream_, nullptr);
    if (!writing_) {
      now = finished_ = true;
      ended = std::exchange(ended_, nullptr);
    }
  }
  // The call is over for both ends: nothing that the peer may still send is of interest.
  if (stream != nullptr) stream->Abort();
  if (now) {
    caller_->Finish(std::move(status), std::move(trailers));
    if (ended) ended();
  }
}

}  // namespace paranet
