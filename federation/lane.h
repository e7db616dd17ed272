// Unary calls in both directions over one stream: frames, batched by whatever gathers while a write is under way.
#ifndef PARANET_FEDERATION_LANE_H_
#define PARANET_FEDERATION_LANE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/rpc/rpc_queue.h"
#include "core/rpc/stall_watch.h"
#include "core/skill/provider.h"
#include "federation/control_thread.h"
#include "federation/message_stream.h"
#include "federation/stream_writer.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// Set in the ids of carried calls, and not in those of calls on the lane.
inline constexpr uint64_t kCarriedBit = uint64_t{1} << 63;

// Thread-safe. Must be held by a shared_ptr.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  // Serves a call of the peer and runs `done` exactly once, perhaps at once. Null where there is nothing to cancel.
  // `run_here` as in CallContext: the lane keeps its promise.
  using Serve = std::function<std::shared_ptr<CallHandle>(const v1::CallHeader& header, Payload request, bool run_here,
                                                          UnaryDone done)>;

  struct Options {
    // Limits of both sides (handshake.h, CommonLimits).
    v1::LinkLimits limits;
    Serve serve;
    // The peer gives up on the carried call of this id (CancelCarried).
    std::function<void(uint64_t carry_id)> cancel_carried;
    // Runs once, when the stream is over or the peer broke the protocol: the lane has ended all its calls.
    absl::AnyInvocable<void(absl::Status)> ended;
    // For deadlines.
    std::shared_ptr<ControlThread> control;
    // Polls the stream: where another thread polls it too, the one that has read calls of the peer runs the actors'
    // handlers. Null: never.
    RpcQueue* queue = nullptr;
    // Of those threads. Not null where `queue` is not.
    std::shared_ptr<StallWatch> stalls;
  };

  Lane(std::shared_ptr<MessageStream> stream, Options options);
  ~Lane();
  // Begins to read and to serve.
  void Start();

  // A call of ours. `done` runs exactly once: with the peer's result, DEADLINE_EXCEEDED at `deadline`, CANCELLED,
  // RESOURCE_EXHAUSTED if too many calls are in flight, or UNAVAILABLE when the lane ends.
  std::shared_ptr<CallHandle> Call(v1::CallHeader header, const Payload& request, absl::Time deadline, UnaryDone done);

  // Gives up on a carried call of ours, whose id has its top bit set.
  void CancelCarried(uint64_t carry_id);

  // Ends all calls of both directions; `ended` does not run any more. The stream stays until Abort.
  void Close(const absl::Status& reason);
  // Ends the stream. Idempotent.
  void Abort() { stream_->Abort(); }

 private:
  struct Outgoing {
    UnaryDone done;
    absl::Time deadline;
    // The call's frame has been handed to the stream.
    bool sent = false;
  };
  struct Incoming {
    std::shared_ptr<CallHandle> handle;
    bool cancelled = false;
  };
  class Handle;
  class Lent;
  using Handles = std::vector<std::shared_ptr<CallHandle>>;

  void Read();
  void OnMessage(const Payload& message);
  // An error ends the lane. Calls whose handlers are to run on this thread come into `lent`; null: none are.
  absl::Status OnFrames(v1::LaneFrames frames, Handles* lent);
  absl::Status OnCall(v1::CallFrame frame, Handles* lent);
  // Runs their handlers on this thread, or as many as it has time for.
  void Run(Handles lent);
  void OnResult(v1::ResultFrame frame);
  void OnCancel(uint64_t id);
  void Respond(uint64_t id, UnaryResult result);
  // Ends our call `id` with `status` if it is still under way.
  void GiveUp(uint64_t id, const absl::Status& status);
  void ExpireCalls();
  // Asks for ExpireCalls at `deadline` unless it comes earlier anyhow.
  void Arm(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<Payload> NextMessage();
  void End(const absl::Status& reason, bool tell);

  const std::shared_ptr<MessageStream> stream_;
  const v1::LinkLimits limits_;
  const Serve serve_;
  const std::function<void(uint64_t)> cancel_carried_;
  const std::shared_ptr<ControlThread> control_;
  RpcQueue* const queue_to_lend_;
  const std::shared_ptr<StallWatch> stalls_;
  std::shared_ptr<StreamWriter> writer_;

  absl::Mutex mu_;
  absl::AnyInvocable<void(absl::Status)> ended_ ABSL_GUARDED_BY(mu_);
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  absl::flat_hash_map<uint64_t, Outgoing> outgoing_ ABSL_GUARDED_BY(mu_);
  std::set<std::pair<absl::Time, uint64_t>> deadlines_ ABSL_GUARDED_BY(mu_);
  absl::Time armed_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  // Calls of the peer until their result has been handed to the stream.
  absl::flat_hash_map<uint64_t, Incoming> incoming_ ABSL_GUARDED_BY(mu_);
  std::deque<v1::LaneFrame> queue_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LANE_H_
