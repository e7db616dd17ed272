#include "core/rpc/incoming_call_impl.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/grpc_status.h"
#include "core/rpc/metadata.h"

namespace paranet {

// What the application holds: ends the call with INTERNAL if it is dropped before Finish.
class IncomingCallHandle final : public IncomingCall {
 public:
  explicit IncomingCallHandle(std::shared_ptr<IncomingCallCore> core) : core_(std::move(core)) {}
  ~IncomingCallHandle() override { core_->Abandon(); }

  const std::string& path() const override { return core_->context_.method(); }
  const Metadata& metadata() const override { return core_->metadata_; }
  absl::Time deadline() const override {
    const auto deadline = core_->context_.deadline();
    return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture()
                                                                    : absl::FromChrono(deadline);
  }
  std::shared_ptr<const grpc::AuthContext> auth_context() const override { return core_->context_.auth_context(); }
  std::string peer() const override { return core_->context_.peer(); }
  RpcQueue* queue() const override { return core_->queue_.get(); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { core_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override { core_->Write(payload, std::move(done)); }
  void Finish(absl::Status status, Metadata trailers) override { core_->Finish(status, trailers); }
  void WriteAndFinish(Payload payload, Metadata trailers) override { core_->WriteAndFinish(payload, trailers); }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { core_->OnCancel(std::move(cancelled)); }

 private:
  const std::shared_ptr<IncomingCallCore> core_;
};

void IncomingCallCore::Tag::Complete(bool ok) {
  std::shared_ptr<IncomingCallCore> call = std::move(call_);
  ((*call).*method_)(ok);
}

IncomingCallCore::Tag* IncomingCallCore::Hold(Tag* tag) {
  tag->call_ = shared_from_this();
  return tag;
}

void IncomingCallCore::Request(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* grpc_queue,
                               const std::shared_ptr<RpcQueue>& queue, Arrived arrived) {
  auto call = std::make_shared<IncomingCallCore>(queue, std::move(arrived));
  call->context_.AsyncNotifyWhenDone(call->Hold(&call->done_tag_));
  service->RequestCall(&call->context_, &call->stream_, grpc_queue, grpc_queue, call->Hold(&call->arrived_tag_));
}

void IncomingCallCore::OnArrived(bool ok) {
  Arrived arrived = std::move(arrived_);
  if (!ok) {
    // A call that never arrived is never done either.
    done_tag_.call_ = nullptr;
    return arrived(nullptr);
  }
  metadata_ = FromGrpcMetadata(context_.client_metadata());
  arrived(std::make_shared<IncomingCallHandle>(shared_from_this()));
}

void IncomingCallCore::Read(absl::AnyInvocable<void(std::optional<Payload>)> done) {
  if (!queue_->Enter()) return done(std::nullopt);
  read_done_ = std::move(done);
  stream_.Read(&read_buffer_, Hold(&read_tag_));
  queue_->Leave();
}

void IncomingCallCore::OnRead(bool ok) {
  auto done = std::exchange(read_done_, nullptr);
  if (!ok) return done(std::nullopt);
  Payload payload;
  payload.Swap(&read_buffer_);
  done(std::move(payload));
}

void IncomingCallCore::Write(const Payload& payload, absl::AnyInvocable<void(bool)> done) {
  if (!queue_->Enter()) return done(false);
  write_done_ = std::move(done);
  stream_.Write(payload, Hold(&write_tag_));
  queue_->Leave();
}

void IncomingCallCore::OnWritten(bool ok) { std::exchange(write_done_, nullptr)(ok); }

bool IncomingCallCore::BeginFinish(const Metadata& trailers) {
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(finished_, true)) return false;
    // Nobody has to be told any more; the callback may hold the provider's side alive.
    on_cancel_ = nullptr;
  }
  for (const auto& [key, value] : trailers) {
    if (!IsReservedMetadataKey(key)) context_.AddTrailingMetadata(key, value);
  }
  return true;
}

void IncomingCallCore::Finish(const absl::Status& status, const Metadata& trailers) {
  if (!BeginFinish(trailers) || !queue_->Enter()) return;
  stream_.Finish(ToGrpcStatus(status), Hold(&finish_tag_));
  queue_->Leave();
}

void IncomingCallCore::WriteAndFinish(const Payload& payload, const Metadata& trailers) {
  if (!BeginFinish(trailers) || !queue_->Enter()) return;
  stream_.WriteAndFinish(payload, grpc::WriteOptions(), grpc::Status::OK, Hold(&finish_tag_));
  queue_->Leave();
}

void IncomingCallCore::OnFinished(bool) {}

void IncomingCallCore::OnCancel(absl::AnyInvocable<void()> cancelled) {
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

void IncomingCallCore::OnDone(bool) {
  absl::AnyInvocable<void()> cancelled;
  {
    absl::MutexLock lock(&mu_);
    if (finished_ || !context_.IsCancelled()) return;
    cancelled_ = true;
    cancelled = std::move(on_cancel_);
    on_cancel_ = nullptr;
  }
  if (cancelled) cancelled();
}

void IncomingCallCore::Abandon() {
  Finish(absl::InternalError(absl::StrCat("the node dropped the call of ", context_.method())), {});
}

}  // namespace paranet
