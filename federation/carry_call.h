// The caller's side of one call that has a stream of its own: between the original caller and the peer.
#ifndef PARANET_FEDERATION_CARRY_CALL_H_
#define PARANET_FEDERATION_CARRY_CALL_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/skill/provider.h"
#include "federation/message_stream.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// Passes payloads one at a time in each direction, the next only when the last has been taken, so that HTTP/2's flow
// control reaches from end to end. Thread-safe. Must be held by a shared_ptr; its owner keeps it until `ended`.
class CarryCall : public std::enable_shared_from_this<CarryCall> {
 public:
  struct Options {
    v1::CallHeader header;
    // Largest message that the peer accepts.
    size_t message_bytes = 0;
    // Runs if the call is aborted, for a peer that does not see the end of the stream.
    absl::AnyInvocable<void()> aborted;
    // Runs once, when the call is over at this end.
    absl::AnyInvocable<void()> ended;
  };
  // `caller` is finished exactly once.
  CarryCall(std::shared_ptr<ServerStream> caller, Options options);

  // Listens for the caller's cancellation. Before Attach.
  void Start();
  // The stream to the peer is there: begins to pass on. Aborts it if the call is over already.
  void Attach(std::shared_ptr<MessageStream> stream);
  // Ends the call with `status`, as soon as a write under way at the caller has ended. Idempotent.
  void Abort(const absl::Status& status);

 private:
  void Send(const v1::CarryFrame& frame, absl::AnyInvocable<void()> then);
  void PumpRequests();
  void PumpResponses();
  void OnFrame(v1::CarryFrame frame);
  void Finish(absl::Status status, Metadata trailers);

  const std::shared_ptr<ServerStream> caller_;
  const v1::CallHeader header_;
  const size_t message_bytes_;

  absl::Mutex mu_;
  absl::AnyInvocable<void()> aborted_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void()> ended_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<MessageStream> stream_ ABSL_GUARDED_BY(mu_);
  // A response is being written to the caller.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  // Finish waits for that write, or is done.
  std::optional<std::pair<absl::Status, Metadata>> finish_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_CARRY_CALL_H_
