// The calls of one live link, in both directions: on its lane, or each on a stream of its own.
#ifndef PARANET_FEDERATION_LINK_CALLS_H_
#define PARANET_FEDERATION_LINK_CALLS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "federation/carry_call.h"
#include "federation/carry_stream.h"
#include "federation/lane.h"
#include "federation/link_context.h"
#include "federation/message_stream.h"
#include "federation/peer_provider.h"
#include "grpcpp/channel.h"
#include "paranet/v1/federation.pb.h"
#include "pki/identity.h"

namespace paranet {

// Calls begun since the node started; outlives the links it counts for.
struct LinkCounters {
  std::atomic<uint64_t> in{0};
  std::atomic<uint64_t> out{0};
};

// Names the link in the metadata of its streams.
inline constexpr char kLinkIdKey[] = "paranet-link-id";
// Names the call for which the server of the link asked with OpenCarry: decimal.
inline constexpr char kCarryIdKey[] = "paranet-carry-id";

// Thread-safe. Must be held by a shared_ptr.
class LinkCalls final : public PeerCalls, public std::enable_shared_from_this<LinkCalls> {
 public:
  struct Options {
    pki::Identity peer;
    std::string link_id;
    // Whether the peer may call here.
    bool exports = false;
    // Of both sides (handshake.h, CommonLimits).
    v1::LinkLimits limits;
    // Of the dialler; null at the server.
    std::shared_ptr<grpc::Channel> channel;
    std::shared_ptr<LinkCounters> counters;
    // Of the server: sends OpenCarry. Any thread.
    std::function<void(uint64_t carry_id)> open_carry;
    // Runs once if the lane is lost, on any thread.
    absl::AnyInvocable<void(absl::Status)> lane_ended;
  };

  LinkCalls(std::shared_ptr<const LinkContext> context, Options options);

  // Of the dialler: opens the lane. False if the federation stops.
  bool OpenLane();
  // The lane's stream; `queue` polls it. False if there is one already.
  bool AttachLane(std::shared_ptr<MessageStream> stream, RpcQueue* queue);
  // A stream for one call of the peer.
  void Serve(std::shared_ptr<MessageStream> stream, RpcQueue* queue);
  // Of the dialler: opens the stream for which the server asked.
  void OpenAndServe(uint64_t carry_id);
  // Of the server: the stream that the dialler opened for `carry_id`. A late one is closed.
  void Claim(uint64_t carry_id, std::shared_ptr<MessageStream> stream);

  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override;
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override;
  const std::shared_ptr<CallTally>& tally() const override { return tally_; }

  // The peer is no longer to be trusted: none of its calls is served from now on. Idempotent.
  void Distrust() { trusted_.store(false, std::memory_order_release); }
  // Ends all calls with UNAVAILABLE; new ones end so at once. The lane's stream stays until Abort. Idempotent.
  void Close(const absl::Status& reason);
  void Abort();

 private:
  // Refuses calls that have crossed too many links.
  static absl::Status CheckHops(const CallContext& context);
  // Whether the peer's calls are served.
  absl::Status CheckTrust() const;
  void Carry(v1::CallHeader header, absl::Time deadline, RpcQueue* queue, std::shared_ptr<ServerStream> stream);
  std::shared_ptr<CallHandle> ServeOnLane(const v1::CallHeader& header, const Payload& request, RpcQueue* queue,
                                          bool run_here, UnaryDone done);
  void ServeCarried(const v1::CallHeader& header, absl::Time deadline, RpcQueue* queue,
                    std::shared_ptr<ServerStream> stream);
  // `id`: the carry id where the server of the link asked for the stream.
  void Serve(uint64_t id, std::shared_ptr<MessageStream> stream, RpcQueue* queue);
  // The server of the link gives up on a call that it asked for.
  void CancelServed(uint64_t carry_id);
  std::shared_ptr<Lane> lane();

  const std::shared_ptr<const LinkContext> context_;
  const pki::Identity peer_;
  const std::string link_id_;
  const bool exports_;
  const v1::LinkLimits limits_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::shared_ptr<LinkCounters> counters_;
  const std::function<void(uint64_t)> open_carry_;
  const std::shared_ptr<CallTally> tally_ = std::make_shared<CallTally>();
  std::atomic<bool> trusted_ = true;

  absl::Mutex mu_;
  absl::AnyInvocable<void(absl::Status)> lane_ended_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<Lane> lane_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  struct Carried {
    std::shared_ptr<CarryCall> call;
    // It has its stream.
    bool claimed = false;
  };
  absl::flat_hash_map<uint64_t, Carried> carried_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<uint64_t, std::shared_ptr<CarryStream>> serving_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_CALLS_H_
