// A unary call in the clothes of a streaming one: large unary calls are carried on a stream of their own.
#ifndef PARANET_FEDERATION_UNARY_STREAM_H_
#define PARANET_FEDERATION_UNARY_STREAM_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/skill/provider.h"
#include "federation/control_thread.h"

namespace paranet {

// The caller's side of a unary call as a ServerStream: one request comes out, one response goes in. `done` runs exactly
// once: at Finish, or before it with CANCELLED at Cancel or DEADLINE_EXCEEDED at `deadline`. Thread-safe. Must be held
// by a shared_ptr.
class UnaryStream final : public ServerStream, public CallHandle, public std::enable_shared_from_this<UnaryStream> {
 public:
  static std::shared_ptr<UnaryStream> Create(const Payload& request, absl::Time deadline,
                                             std::shared_ptr<ControlThread> control, UnaryDone done);
  UnaryStream(Payload request, std::shared_ptr<ControlThread> control, UnaryDone done)
      : control_(std::move(control)), request_(std::move(request)), done_(std::move(done)) {}
  ~UnaryStream() override;

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override;
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override;
  void Finish(absl::Status status, Metadata trailers) override;
  void OnCancel(absl::AnyInvocable<void()> cancelled) override;
  void Cancel() override;

 private:
  void GiveUp(const absl::Status& status);
  void End(UnaryResult result);

  const std::shared_ptr<ControlThread> control_;
  absl::Mutex mu_;
  uint64_t timer_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<Payload> request_ ABSL_GUARDED_BY(mu_);
  std::optional<Payload> response_ ABSL_GUARDED_BY(mu_);
  bool second_response_ ABSL_GUARDED_BY(mu_) = false;
  UnaryDone done_ ABSL_GUARDED_BY(mu_);
  bool gave_up_ ABSL_GUARDED_BY(mu_) = false;
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
};

// The serving side: reads the one request from `stream`, calls `provider`, writes the response and finishes. `context`
// as for CallUnary.
void ServeUnary(std::shared_ptr<ServerStream> stream, std::shared_ptr<Provider> provider, CallContext context);

}  // namespace paranet

#endif  // PARANET_FEDERATION_UNARY_STREAM_H_
