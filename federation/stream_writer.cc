#include "federation/stream_writer.h"

#include <utility>

namespace paranet {

void StreamWriter::Wake() {
  {
    absl::MutexLock lock(&mu_);
    if (failed_) return;
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
