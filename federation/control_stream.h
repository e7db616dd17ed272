// A stream whose callbacks run on the control thread.
#ifndef PARANET_FEDERATION_CONTROL_STREAM_H_
#define PARANET_FEDERATION_CONTROL_STREAM_H_

#include <memory>
#include <optional>
#include <utility>

#include "federation/control_thread.h"
#include "federation/message_stream.h"

namespace paranet {

// Callbacks never run inside the function that was given them. After ControlThread::Stop none runs.
class ControlStream final : public MessageStream {
 public:
  ControlStream(std::shared_ptr<MessageStream> stream, std::shared_ptr<ControlThread> control)
      : stream_(std::move(stream)), control_(std::move(control)) {}

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override {
    stream_->Read([control = control_, done = std::move(done)](std::optional<Payload> message) mutable {
      control->Post([done = std::move(done), message = std::move(message)]() mutable { done(std::move(message)); });
    });
  }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    stream_->Write(payload, [control = control_, done = std::move(done)](bool ok) mutable {
      control->Post([done = std::move(done), ok]() mutable { done(ok); });
    });
  }
  void OnEnd(absl::AnyInvocable<void(absl::Status)> ended) override {
    stream_->OnEnd([control = control_, ended = std::move(ended)](const absl::Status& status) mutable {
      control->Post([ended = std::move(ended), status]() mutable { ended(status); });
    });
  }
  void Close(const absl::Status& status) override { stream_->Close(status); }
  void Abort() override { stream_->Abort(); }
  std::shared_ptr<const grpc::AuthContext> auth_context() const override { return stream_->auth_context(); }

 private:
  const std::shared_ptr<MessageStream> stream_;
  const std::shared_ptr<ControlThread> control_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_CONTROL_STREAM_H_
