// The one implementation of IncomingCall: on gRPC's generic asynchronous service. Private to core/rpc.
#ifndef PARANET_CORE_RPC_INCOMING_CALL_IMPL_H_
#define PARANET_CORE_RPC_INCOMING_CALL_IMPL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/rpc/incoming_call.h"
#include "core/rpc/rpc_queue.h"
#include "grpcpp/generic/async_generic_service.h"

namespace paranet {

// The call as gRPC sees it. Each operation under way holds a reference, so does the handle that the application holds.
class IncomingCallCore final : public std::enable_shared_from_this<IncomingCallCore> {
 public:
  // Runs when a call has arrived, with its handle, or with null when the server shuts down.
  using Arrived = std::function<void(std::shared_ptr<IncomingCall>)>;

  // Asks `service` for one call.
  static void Request(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* grpc_queue,
                      const std::shared_ptr<RpcQueue>& queue, Arrived arrived);

  IncomingCallCore(std::shared_ptr<RpcQueue> queue, Arrived arrived)
      : queue_(std::move(queue)), arrived_(std::move(arrived)) {}

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done);
  void Write(const Payload& payload, absl::AnyInvocable<void(bool)> done);
  void Finish(const absl::Status& status, const Metadata& trailers);
  void WriteAndFinish(const Payload& payload, const Metadata& trailers);
  void OnCancel(absl::AnyInvocable<void()> cancelled);
  // The application has let go of the call.
  void Abandon();

 private:
  friend class IncomingCallHandle;

  class Tag final : public RpcTag {
   public:
    using Method = void (IncomingCallCore::*)(bool);
    explicit Tag(Method method) : method_(method) {}
    void Complete(bool ok) override;

   private:
    friend class IncomingCallCore;
    const Method method_;
    std::shared_ptr<IncomingCallCore> call_;
  };

  Tag* Hold(Tag* tag);
  // True for the first Finish.
  bool BeginFinish(const Metadata& trailers);

  void OnArrived(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);

  // Shared with the server, which the application may let a call outlive.
  const std::shared_ptr<RpcQueue> queue_;
  Arrived arrived_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  Metadata metadata_;
  Payload read_buffer_;
  absl::AnyInvocable<void(std::optional<Payload>)> read_done_;
  absl::AnyInvocable<void(bool)> write_done_;
  Tag arrived_tag_{&IncomingCallCore::OnArrived};
  Tag read_tag_{&IncomingCallCore::OnRead};
  Tag write_tag_{&IncomingCallCore::OnWritten};
  Tag finish_tag_{&IncomingCallCore::OnFinished};
  Tag done_tag_{&IncomingCallCore::OnDone};

  absl::Mutex mu_;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_INCOMING_CALL_IMPL_H_
