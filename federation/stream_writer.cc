#include "federation/stream_writer.h"

#include <utility>

namespace paranet {

void StreamWriter::Wake() { Start(/*regardless_of_hold=*/false); }

void StreamWriter::Flush() { Start(/*regardless_of_hold=*/true); }

void StreamWriter::Hold() {
  absl::MutexLock lock(&mu_);
  ++holds_;
}

void StreamWriter::Release() {
  bool held;
  {
    absl::MutexLock lock(&mu_);
    --holds_;
    held = held_;
  }
  if (held) Flush();
}

void StreamWriter::Start(bool regardless_of_hold) {
  {
    absl::MutexLock lock(&mu_);
    if (failed_) return;
    if (holds_ > 0 && !regardless_of_hold) {
      held_ = true;
      return;
    }
    held_ = false;
    if (busy_) {
      again_ = true;
      return;
    }
    busy_ = true;
  }
  Pump();
}

void StreamWriter::Close(absl::Status status) {
  {
    absl::MutexLock lock(&mu_);
    if (close_.has_value()) return;
    close_ = std::move(status);
    if (busy_) {
      again_ = true;
      return;
    }
    busy_ = true;
  }
  Pump();
}

void StreamWriter::Pump() {
  for (;;) {
    bool failed;
    {
      absl::MutexLock lock(&mu_);
      again_ = false;
      failed = failed_;
    }
    std::optional<Payload> message;
    if (!failed) message = next_();
    if (message.has_value()) {
      stream_->Write(*std::move(message), [self = shared_from_this()](bool ok) { self->Written(ok); });
      return;
    }
    std::optional<absl::Status> close;
    {
      absl::MutexLock lock(&mu_);
      if (again_ && !failed_) continue;
      busy_ = false;
      close = close_;
      // Nothing is written after the end.
      if (close.has_value()) failed_ = true;
    }
    if (close.has_value()) stream_->Close(*close);
    return;
  }
}

void StreamWriter::Written(bool ok) {
  if (!ok) {
    absl::MutexLock lock(&mu_);
    failed_ = true;
  }
  Pump();
}

}  // namespace paranet
