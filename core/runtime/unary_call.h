// A unary call to an actor behind the C ABI, from the mailbox to the answer.
#ifndef PARANET_CORE_RUNTIME_UNARY_CALL_H_
#define PARANET_CORE_RUNTIME_UNARY_CALL_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/payload.h"
#include "core/runtime/native_call.h"
#include "core/skill/provider.h"
#include "grpcpp/support/slice.h"

namespace paranet {

// The first of respond, deadline, cancellation and stop answers; `done` runs once, with that.
class UnaryCall final : public NativeCall, public CallHandle {
 public:
  UnaryCall(CallContext context, Payload&& request, UnaryDone done, std::shared_ptr<CallOwner> owner)
      : NativeCall(std::move(context), std::move(owner)), done_(std::move(done)) {
    request_.Swap(&request);
  }

  // The actor is about to see the call: hands over the request. False if the call is over.
  bool Begin(grpc::Slice* request);

  void Respond(const absl::Status& status, absl::string_view response) override;
  void Abort(absl::Status status) override;
  void Cancel() override;
  void RunHere() override { owner().OnRunHere(*this); }
  void RunElsewhere() override { owner().OnRunElsewhere(*this); }

  // Kept for the owner: the index of the method in the actor's module.
  size_t method() const { return method_; }
  void set_method(size_t method) { method_ = method; }

 private:
  // Does nothing if the call is over, but for telling of an actor that responds again.
  void End(absl::Status status, absl::string_view response, bool by_actor);

  size_t method_ = 0;
  Payload request_ ABSL_GUARDED_BY(mu_);
  UnaryDone done_ ABSL_GUARDED_BY(mu_);
  bool begun_ ABSL_GUARDED_BY(mu_) = false;
  bool responded_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_UNARY_CALL_H_
