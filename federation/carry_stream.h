// The serving side of one call that has a stream of its own: what the provider reads from and writes to.
#ifndef PARANET_FEDERATION_CARRY_STREAM_H_
#define PARANET_FEDERATION_CARRY_STREAM_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/skill/provider.h"
#include "federation/control_thread.h"
#include "federation/message_stream.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// State shared by the provider's handle and the stream's callbacks. Thread-safe. Must be held by a shared_ptr.
class CarryStream : public std::enable_shared_from_this<CarryStream> {
 public:
  struct Options {
    size_t message_bytes = 0;
    std::shared_ptr<ControlThread> control;
    // Gets the first frame's header, its deadline, and the stream to serve the call on, which has to be finished. If
    // it is dropped the call ends with INTERNAL.
    std::function<void(const v1::CallHeader& header, absl::Time deadline, std::shared_ptr<ServerStream> stream)> serve;
    // Runs once, when the call is over at this end.
    absl::AnyInvocable<void()> ended;
  };

  CarryStream(std::shared_ptr<MessageStream> stream, Options options);
  // Reads the header.
  void Start();
  // The link is gone: the provider is told by its OnCancel, and what it still writes goes nowhere. Idempotent.
  void Abort();

 private:
  class Handle;

  void OnHeader(const v1::CallHeader& header);
  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done);
  // Reads on to the end: after the half-close for Cancel, after Finish for nothing.
  void Drain();
  void Write(const Payload& payload, absl::AnyInvocable<void(bool)> done);
  void Finish(const absl::Status& status, const Metadata& trailers);
  void OnCancel(absl::AnyInvocable<void()> cancelled);
  void Cancelled();
  void Ended();

  const std::shared_ptr<MessageStream> stream_;
  const size_t message_bytes_;
  const std::shared_ptr<ControlThread> control_;

  absl::Mutex mu_;
  std::function<void(const v1::CallHeader&, absl::Time, std::shared_ptr<ServerStream>)> serve_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void()> ended_ ABSL_GUARDED_BY(mu_);
  uint64_t timer_ ABSL_GUARDED_BY(mu_) = 0;
  // A Read of the stream is outstanding.
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_CARRY_STREAM_H_
