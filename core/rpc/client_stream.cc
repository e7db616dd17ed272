#include "core/rpc/client_stream.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/grpc_status.h"
#include "core/rpc/metadata.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"

namespace paranet {
namespace {

class ClientStreamImpl final : public ClientStream, public std::enable_shared_from_this<ClientStreamImpl> {
 public:
  using Finished = absl::AnyInvocable<void(absl::Status, Metadata)>;

  ClientStreamImpl(const std::shared_ptr<grpc::Channel>& channel, RpcQueue* queue, Finished finished)
      : stub_(channel), queue_(queue), finished_(std::move(finished)) {}

  void Start(const std::string& path, const Metadata& metadata, absl::Time deadline, bool wait_for_ready) {
    for (const auto& [key, value] : metadata) context_.AddMetadata(key, value);
    if (deadline != absl::InfiniteFuture()) context_.set_deadline(absl::ToChronoTime(deadline));
    context_.set_wait_for_ready(wait_for_ready);
    queue_->BeginCall();
    stream_ = stub_.PrepareCall(&context_, path, queue_->get());
    Arm(&start_tag_);
    stream_->StartCall(&start_tag_);
    // The status is asked for at once; gRPC completes this after the last message has been read, or when the call
    // breaks.
    Arm(&finish_tag_);
    stream_->Finish(&status_, &finish_tag_);
  }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override {
    read_done_ = std::move(done);
    if (!Arm(&read_tag_)) return;
    stream_->Read(&read_buffer_, &read_tag_);
  }

  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    write_done_ = std::move(done);
    {
      absl::MutexLock lock(&mu_);
      if (!started_) {
        early_write_ = std::move(payload);
        return;
      }
    }
    BeginWrite(payload);
  }

  void WritesDone() override {
    {
      absl::MutexLock lock(&mu_);
      if (!started_) {
        early_writes_done_ = true;
        return;
      }
    }
    BeginWritesDone();
  }

  void Cancel() override { context_.TryCancel(); }

  std::shared_ptr<const grpc::AuthContext> auth_context() const override { return context_.auth_context(); }

 private:
  // One operation; holds the stream while it is under way.
  class Tag final : public RpcTag {
   public:
    using Method = void (ClientStreamImpl::*)(bool);
    explicit Tag(Method method) : method_(method) {}
    void Complete(bool ok) override {
      std::shared_ptr<ClientStreamImpl> stream = std::move(stream_);
      ((*stream).*method_)(ok);
      stream->Release();
    }

   private:
    friend class ClientStreamImpl;
    const Method method_;
    std::shared_ptr<ClientStreamImpl> stream_;
  };

  // False if the call is over: no operation may begin on the queue any more, and the operation has failed at once.
  bool Arm(Tag* tag) {
    {
      absl::MutexLock lock(&mu_);
      if (!ended_) {
        ++pending_;
        tag->stream_ = shared_from_this();
        return true;
      }
    }
    ((*this).*(tag->method_))(false);
    return false;
  }

  // The last operation to complete after the status is known ends the call.
  void Release() {
    Finished finished;
    {
      absl::MutexLock lock(&mu_);
      if (--pending_ > 0 || !status_known_ || ended_) return;
      ended_ = true;
      finished = std::move(finished_);
    }
    finished(FromGrpcStatus(status_), FromGrpcMetadata(context_.GetServerTrailingMetadata()));
    finished = nullptr;
    queue_->EndCall();
  }

  void BeginWrite(const Payload& payload) {
    if (Arm(&write_tag_)) stream_->Write(payload, &write_tag_);
  }
  void BeginWritesDone() {
    if (Arm(&writes_done_tag_)) stream_->WritesDone(&writes_done_tag_);
  }

  // gRPC sends the initial metadata with the operation object that it also writes with: no write may begin before.
  void OnStart(bool) {
    std::optional<Payload> write;
    bool writes_done = false;
    {
      absl::MutexLock lock(&mu_);
      started_ = true;
      write = std::move(early_write_);
      early_write_.reset();
      writes_done = early_writes_done_;
    }
    if (write.has_value()) BeginWrite(*write);
    if (writes_done) BeginWritesDone();
  }
  void OnWritesDone(bool) {}
  void OnRead(bool ok) {
    auto done = std::exchange(read_done_, nullptr);
    if (!ok) return done(std::nullopt);
    Payload payload;
    payload.Swap(&read_buffer_);
    done(std::move(payload));
  }
  void OnWrite(bool ok) { std::exchange(write_done_, nullptr)(ok); }
  void OnFinish(bool) {
    absl::MutexLock lock(&mu_);
    status_known_ = true;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  RpcQueue* const queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  Payload read_buffer_;
  grpc::Status status_;
  absl::AnyInvocable<void(std::optional<Payload>)> read_done_;
  absl::AnyInvocable<void(bool)> write_done_;
  Tag start_tag_{&ClientStreamImpl::OnStart};
  Tag read_tag_{&ClientStreamImpl::OnRead};
  Tag write_tag_{&ClientStreamImpl::OnWrite};
  Tag writes_done_tag_{&ClientStreamImpl::OnWritesDone};
  Tag finish_tag_{&ClientStreamImpl::OnFinish};
  absl::Mutex mu_;
  int pending_ ABSL_GUARDED_BY(mu_) = 0;
  bool started_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<Payload> early_write_ ABSL_GUARDED_BY(mu_);
  bool early_writes_done_ ABSL_GUARDED_BY(mu_) = false;
  bool status_known_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  Finished finished_;
};

}  // namespace

std::shared_ptr<ClientStream> ClientStream::Start(const std::shared_ptr<grpc::Channel>& channel,
                                                  const std::string& path, const Metadata& metadata,
                                                  absl::Time deadline, bool wait_for_ready, RpcQueue* queue,
                                                  absl::AnyInvocable<void(absl::Status, Metadata)> finished) {
  auto stream = std::make_shared<ClientStreamImpl>(channel, queue, std::move(finished));
  stream->Start(path, metadata, deadline, wait_for_ready);
  return stream;
}

}  // namespace paranet
