#include "federation/carry_stream.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "federation/call_frames.h"

namespace paranet {

// What the provider holds.
class CarryStream::Handle final : public ServerStream {
 public:
  explicit Handle(std::shared_ptr<CarryStream> carry) : carry_(std::move(carry)) {}
  ~Handle() override { carry_->Finish(absl::InternalError("the node dropped the call"), {}); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { carry_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override { carry_->Write(payload, std::move(done)); }
  void Finish(absl::Status status, Metadata trailers) override { carry_->Finish(status, trailers); }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { carry_->OnCancel(std::move(cancelled)); }

 private:
  const std::shared_ptr<CarryStream> carry_;
};

CarryStream::CarryStream(std::shared_ptr<MessageStream> stream, Options options)
    : stream_(std::move(stream)),
      message_bytes_(options.message_bytes),
      control_(std::move(options.control)),
      serve_(std::move(options.serve)),
      ended_(std::move(options.ended)) {}

void CarryStream::Start() {
  stream_->OnEnd([self = shared_from_this()](const absl::Status&) {
    self->Cancelled();
    self->Ended();
  });
  stream_->Read([self = shared_from_this()](std::optional<Payload> message) {
    v1::CarryFrame frame;
    if (!message.has_value()) return;
    if (!Decode(*message, &frame) || !frame.has_header()) {
      self->Finish(absl::InvalidArgumentError("the first message of a carried call has to be its header"), {});
      return;
    }
    self->OnHeader(frame.header());
  });
}

void CarryStream::OnHeader(const v1::CallHeader& header) {
  const absl::Time deadline = HeaderDeadline(header, absl::Now());
  std::function<void(const v1::CallHeader&, absl::Time, std::shared_ptr<ServerStream>)> serve;
  {
    absl::MutexLock lock(&mu_);
    serve = std::move(serve_);
    serve_ = nullptr;
    if (deadline != absl::InfiniteFuture()) {
      timer_ = control_->At(deadline, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->Cancelled();
      });
    }
  }
  serve(header, deadline, std::make_shared<Handle>(shared_from_this()));
}

void CarryStream::Abort() {
  Cancelled();
  stream_->Abort();
}

void CarryStream::Read(absl::AnyInvocable<void(std::optional<Payload>)> done) {
  bool over;
  {
    absl::MutexLock lock(&mu_);
    over = half_closed_ || cancelled_ || finished_;
    if (!over) reading_ = true;
  }
  if (over) return done(std::nullopt);
  stream_->Read([self = shared_from_this(), done = std::move(done)](std::optional<Payload> message) mutable {
    v1::CarryFrame frame;
    const bool decoded = message.has_value() && Decode(*message, &frame);
    const bool half_close = decoded && frame.has_half_close();
    bool finished;
    {
      absl::MutexLock lock(&self->mu_);
      self->reading_ = false;
      self->half_closed_ |= half_close;
      finished = self->finished_;
    }
    if (!message.has_value()) return done(std::nullopt);
    if (half_close || finished) {
      done(std::nullopt);
      self->Drain();
    } else if (decoded && frame.has_payload()) {
      done(MakePayload(std::move(*frame.mutable_payload())));
    } else if (decoded && frame.frame_case() == v1::CarryFrame::FRAME_NOT_SET) {
      // Of a newer version.
      self->Read(std::move(done));
    } else {
      // Cancel, or what does not belong here.
      self->Cancelled();
      done(std::nullopt);
    }
  });
}

void CarryStream::Drain() {
  {
    absl::MutexLock lock(&mu_);
    if (reading_) return;
    reading_ = true;
  }
  stream_->Read([self = shared_from_this()](std::optional<Payload> message) {
    bool finished;
    {
      absl::MutexLock lock(&self->mu_);
      self->reading_ = false;
      finished = self->finished_;
    }
    if (!message.has_value()) return;
    v1::CarryFrame frame;
    const bool ignored = Decode(*message, &frame) && frame.frame_case() == v1::CarryFrame::FRAME_NOT_SET;
    if (!finished && !ignored) self->Cancelled();
    self->Drain();
  });
}

void CarryStream::Write(const Payload& payload, absl::AnyInvocable<void(bool)> done) {
  bool over;
  {
    absl::MutexLock lock(&mu_);
    over = cancelled_ || finished_;
  }
  if (over) return done(false);
  if (payload.Length() + kFrameOverheadBytes > message_bytes_) {
    const size_t size = payload.Length();
    Finish(absl::ResourceExhaustedError(absl::StrCat("the response has ", size, " bytes, and a link carries at most ",
                                                     message_bytes_ - kFrameOverheadBytes)),
           {});
    return done(false);
  }
  v1::CarryFrame frame;
  *frame.mutable_payload() = PayloadToString(payload);
  stream_->Write(Encode(frame), std::move(done));
}

void CarryStream::Finish(const absl::Status& status, const Metadata& trailers) {
  absl::AnyInvocable<void()> on_cancel;
  uint64_t timer = 0;
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(finished_, true)) return;
    // Nobody has to be told any more; the callback may hold the provider's side alive.
    on_cancel = std::exchange(on_cancel_, nullptr);
    timer = std::exchange(timer_, 0);
  }
  if (timer != 0) control_->Cancel(timer);
  v1::CarryFrame frame;
  *frame.mutable_status() = MakeCallStatus(status, trailers, /*unprocessed=*/false);
  stream_->Write(Encode(frame), [self = shared_from_this()](bool) {
    self->stream_->Close(absl::OkStatus());
    // Where this node dialled the stream, its end is seen only behind all that the peer has sent.
    self->Drain();
    self->Ended();
  });
}

void CarryStream::OnCancel(absl::AnyInvocable<void()> cancelled) {
  {
    absl::MutexLock lock(&mu_);
    if (finished_) return;
    if (!cancelled_) {
      on_cancel_ = std::move(cancelled);
      return;
    }
  }
  cancelled();
}

void CarryStream::Cancelled() {
  absl::AnyInvocable<void()> on_cancel;
  {
    absl::MutexLock lock(&mu_);
    if (finished_ || cancelled_) return;
    cancelled_ = true;
    on_cancel = std::exchange(on_cancel_, nullptr);
  }
  if (on_cancel) on_cancel();
}

void CarryStream::Ended() {
  absl::AnyInvocable<void()> ended;
  uint64_t timer = 0;
  {
    absl::MutexLock lock(&mu_);
    ended = std::exchange(ended_, nullptr);
    timer = std::exchange(timer_, 0);
  }
  if (timer != 0) control_->Cancel(timer);
  if (ended) ended();
}

}  // namespace paranet
