#include "federation/message_stream.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/rpc/client_stream.h"

namespace paranet {
namespace {

// What both ends share: the end is told once, and a close waits for the write under way.
class StreamBase : public MessageStream, public std::enable_shared_from_this<StreamBase> {
 public:
  using Ended = absl::AnyInvocable<void(absl::Status)>;

  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) final {
    bool open;
    {
      absl::MutexLock lock(&mu_);
      open = !closing_.has_value();
      writing_ = open;
    }
    if (!open) return done(false);
    BeginWrite(payload, [self = shared_from_this(), done = std::move(done)](bool ok) mutable {
      std::optional<absl::Status> closing;
      {
        absl::MutexLock lock(&self->mu_);
        self->writing_ = false;
        if (!self->closed_ && self->closing_.has_value()) {
          self->closed_ = true;
          closing = self->closing_;
        }
      }
      done(ok);
      if (closing.has_value()) self->BeginClose(*closing);
    });
  }

  void OnEnd(Ended ended) final {
    std::optional<absl::Status> end;
    {
      absl::MutexLock lock(&mu_);
      if (end_.has_value()) {
        end = end_;
      } else {
        ended_ = std::move(ended);
      }
    }
    // Not moved from where there is an end.
    if (end.has_value()) ended(*end);  // NOLINT(bugprone-use-after-move)
  }

  void Close(const absl::Status& status) final {
    {
      absl::MutexLock lock(&mu_);
      if (closing_.has_value()) return;
      closing_ = status;
      if (writing_) return;
      closed_ = true;
    }
    BeginClose(status);
  }

 protected:
  virtual void BeginWrite(Payload payload, absl::AnyInvocable<void(bool)> done) = 0;
  virtual void BeginClose(const absl::Status& status) = 0;

  void End(const absl::Status& status) {
    Ended ended;
    {
      absl::MutexLock lock(&mu_);
      if (end_.has_value()) return;
      end_ = status;
      ended = std::move(ended_);
      ended_ = nullptr;
    }
    if (ended) ended(status);
  }

  bool closed() {
    absl::MutexLock lock(&mu_);
    return closed_;
  }

 private:
  absl::Mutex mu_;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  // What Close was called with.
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mu_);
  // BeginClose has been called.
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  Ended ended_ ABSL_GUARDED_BY(mu_);
};

class ServerEnd final : public StreamBase {
 public:
  explicit ServerEnd(std::shared_ptr<IncomingCall> call) : call_(std::move(call)) {}

  void Listen() {
    call_->OnCancel([weak = weak_from_this()] {
      if (auto self = weak.lock()) {
        static_cast<ServerEnd&>(*self).End(absl::UnavailableError("the connection to the peer was lost"));
        self->Close(absl::CancelledError("the peer is gone"));
      }
    });
  }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override {
    if (closed()) return done(std::nullopt);
    call_->Read([self = shared_from_this(), done = std::move(done)](std::optional<Payload> payload) mutable {
      const bool over = !payload.has_value();
      done(std::move(payload));
      if (over) static_cast<ServerEnd&>(*self).End(absl::UnavailableError("the peer closed the stream"));
    });
  }

  void Abort() override { Close(absl::CancelledError("the stream was ended by the node")); }
  std::shared_ptr<const grpc::AuthContext> auth_context() const override { return call_->auth_context(); }

 protected:
  void BeginWrite(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    call_->Write(payload, std::move(done));
  }
  void BeginClose(const absl::Status& status) override {
    call_->Finish(status, {});
    End(absl::CancelledError("the stream was closed here"));
  }

 private:
  const std::shared_ptr<IncomingCall> call_;
};

class DiallerEnd final : public StreamBase {
 public:
  explicit DiallerEnd(Activity::Token token) : token_(std::move(token)) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel, const std::string& path, const Metadata& metadata,
             absl::Time deadline, RpcQueue* queue) {
    absl::MutexLock lock(&start_mu_);
    call_ = ClientStream::Start(channel, path, metadata, deadline, /*wait_for_ready=*/false, queue,
                                [self = shared_from_this()](const absl::Status& status, const Metadata&) {
                                  static_cast<DiallerEnd&>(*self).Finished(status);
                                });
  }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override {
    bool aborted;
    {
      absl::MutexLock lock(&read_mu_);
      aborted = aborted_;
      if (!aborted) reading_ = true;
    }
    if (aborted) return done(std::nullopt);
    call_->Read([self = shared_from_this(), done = std::move(done)](std::optional<Payload> payload) mutable {
      static_cast<DiallerEnd&>(*self).OnRead(std::move(payload), std::move(done));
    });
  }

  void Abort() override {
    bool drain;
    {
      absl::MutexLock lock(&read_mu_);
      if (std::exchange(aborted_, true)) return;
      drain = !std::exchange(reading_, true);
    }
    call_->Cancel();
    if (drain) Drain();
  }

  std::shared_ptr<const grpc::AuthContext> auth_context() const override { return call_->auth_context(); }

 protected:
  void BeginWrite(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    call_->Write(payload, std::move(done));
  }
  void BeginClose(const absl::Status& status) override {
    if (status.ok()) {
      call_->WritesDone();
    } else {
      Abort();
    }
  }

 private:
  void OnRead(std::optional<Payload> payload, absl::AnyInvocable<void(std::optional<Payload>)> done) {
    bool drain;
    {
      absl::MutexLock lock(&read_mu_);
      drain = aborted_ && payload.has_value();
      reading_ = aborted_;
    }
    done(std::move(payload));
    if (drain) Drain();
  }

  // gRPC gives the status of a call behind its messages, so whoever gives up on them reads on.
  void Drain() {
    call_->Read([self = shared_from_this()](const std::optional<Payload>& payload) {
      if (payload.has_value()) static_cast<DiallerEnd&>(*self).Drain();
    });
  }

  void Finished(const absl::Status& status) {
    // Start() has to have stored the call.
    { absl::MutexLock lock(&start_mu_); }
    End(status.ok() ? absl::UnavailableError("the peer closed the stream") : status);
    token_.Release();
  }

  absl::Mutex read_mu_;
  bool reading_ ABSL_GUARDED_BY(read_mu_) = false;
  bool aborted_ ABSL_GUARDED_BY(read_mu_) = false;
  absl::Mutex start_mu_;
  std::shared_ptr<ClientStream> call_;
  Activity::Token token_;
};

}  // namespace

std::shared_ptr<MessageStream> MakeServerStream(std::shared_ptr<IncomingCall> call) {
  auto stream = std::make_shared<ServerEnd>(std::move(call));
  stream->Listen();
  return stream;
}

std::shared_ptr<MessageStream> OpenStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                                          const Metadata& metadata, absl::Time deadline, RpcQueue* queue,
                                          Activity* activity) {
  Activity::Token token = activity->Begin();
  if (!token) return nullptr;
  auto stream = std::make_shared<DiallerEnd>(std::move(token));
  stream->Start(channel, path, metadata, deadline, queue);
  return stream;
}

}  // namespace paranet
