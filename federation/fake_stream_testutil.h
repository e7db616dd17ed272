// A MessageStream in memory, for tests: two ends, each of which reads what the other writes.
#ifndef PARANET_FEDERATION_FAKE_STREAM_TESTUTIL_H_
#define PARANET_FEDERATION_FAKE_STREAM_TESTUTIL_H_

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "federation/message_stream.h"

namespace paranet {

// Thread-safe. Messages arrive inside of Write or Read. With `hold_writes` a Write is done only when ReleaseWrite is
// called.
class FakeStream final : public MessageStream, public std::enable_shared_from_this<FakeStream> {
 public:
  static std::pair<std::shared_ptr<FakeStream>, std::shared_ptr<FakeStream>> MakePair() {
    auto a = std::make_shared<FakeStream>();
    auto b = std::make_shared<FakeStream>();
    a->peer_ = b;
    b->peer_ = a;
    return {a, b};
  }

  void HoldWrites() {
    absl::MutexLock lock(&mu_);
    hold_ = true;
  }
  // Completes the outstanding Write; false if there is none.
  bool ReleaseWrite(bool ok = true) {
    absl::AnyInvocable<void(bool)> done;
    {
      absl::MutexLock lock(&mu_);
      done = std::exchange(held_, nullptr);
    }
    if (!done) return false;
    done(ok);
    return true;
  }
  int writes() const {
    absl::MutexLock lock(&mu_);
    return writes_;
  }
  bool over() const {
    absl::MutexLock lock(&mu_);
    return end_.has_value();
  }
  absl::Status end() const {
    absl::MutexLock lock(&mu_);
    return end_.value_or(absl::OkStatus());
  }
  std::optional<absl::Status> closed_with() const {
    absl::MutexLock lock(&mu_);
    return closed_with_;
  }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override {
    std::optional<Payload> message;
    {
      absl::MutexLock lock(&mu_);
      if (inbox_.empty() && !end_.has_value()) {
        reader_ = std::move(done);
        return;
      }
      if (!inbox_.empty()) {
        message = std::move(inbox_.front());
        inbox_.pop_front();
      }
    }
    done(std::move(message));
  }

  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    {
      absl::MutexLock lock(&mu_);
      if (!end_.has_value()) {
        ++writes_;
        if (hold_) held_ = std::exchange(done, nullptr);
      }
    }
    const bool ok = !over();
    if (auto peer = peer_.lock(); peer != nullptr && ok) peer->Deliver(std::move(payload));
    if (done) done(ok);
  }

  void OnEnd(absl::AnyInvocable<void(absl::Status)> ended) override {
    absl::MutexLock lock(&mu_);
    ended_ = std::move(ended);
  }

  void Close(const absl::Status& status) override {
    {
      absl::MutexLock lock(&mu_);
      if (!closed_with_.has_value()) closed_with_ = status;
    }
    Both(absl::UnavailableError("the peer closed the stream"));
  }
  void Abort() override { Both(absl::CancelledError("aborted")); }

 private:
  void Both(const absl::Status& status) {
    End(status);
    if (auto peer = peer_.lock()) peer->End(status);
  }
  void Deliver(Payload payload) {
    absl::AnyInvocable<void(std::optional<Payload>)> reader;
    {
      absl::MutexLock lock(&mu_);
      if (reader_ == nullptr) {
        inbox_.push_back(std::move(payload));
        return;
      }
      reader = std::exchange(reader_, nullptr);
    }
    reader(std::move(payload));
  }
  void End(const absl::Status& status) {
    absl::AnyInvocable<void(std::optional<Payload>)> reader;
    absl::AnyInvocable<void(absl::Status)> ended;
    absl::AnyInvocable<void(bool)> held;
    {
      absl::MutexLock lock(&mu_);
      if (end_.has_value()) return;
      end_ = status;
      reader = std::exchange(reader_, nullptr);
      ended = std::exchange(ended_, nullptr);
      held = std::exchange(held_, nullptr);
    }
    if (held) held(false);
    if (reader) reader(std::nullopt);
    if (ended) ended(status);
  }

  mutable absl::Mutex mu_;
  std::weak_ptr<FakeStream> peer_;
  bool hold_ ABSL_GUARDED_BY(mu_) = false;
  int writes_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Payload> inbox_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(std::optional<Payload>)> reader_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(bool)> held_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(absl::Status)> ended_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> closed_with_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_FAKE_STREAM_TESTUTIL_H_
