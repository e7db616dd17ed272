// Calls of a program that serves gRPC, over one channel, on completion queues.
#ifndef PARANET_CORE_RUNTIME_SOCKET_CALLS_H_
#define PARANET_CORE_RUNTIME_SOCKET_CALLS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/payload.h"
#include "core/rpc/rpc_queue.h"
#include "core/runtime/actor_executor.h"
#include "core/skill/provider.h"
#include "grpcpp/channel.h"
#include "grpcpp/generic/generic_stub.h"

namespace paranet {

// The custom metadata that a program gets with a call: what the caller sent but for keys that begin with `paranet-`,
// which are the node's, and what HTTP/2 could not carry; and the caller's identity in `paranet-caller`.
Metadata MetadataForProgram(const CallContext& context);

// Thread-safe. Must be held by a shared_ptr; each call holds it.
class SocketCalls : public std::enable_shared_from_this<SocketCalls> {
 public:
  struct Options {
    // For messages: `weather@1.0.0`.
    std::string name;
    std::shared_ptr<grpc::Channel> channel;
    // Where a call brings no queue of its own. Outlives the calls: wait for it to be idle.
    RpcQueue* queue = nullptr;
    // Outlives Close.
    ActorExecutor* executor = nullptr;
  };
  explicit SocketCalls(Options options);

  // As in Provider, deadlines included. A call whose connection breaks ends as soon as Close says why, or after two
  // seconds as it is.
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done);
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream);

  // Asks for the program's health by gRPC's health protocol. `alive` runs once if it says SERVING, or answers that it
  // does not know the protocol; never if it says something else, or nothing within a minute.
  void Ping(absl::AnyInvocable<void()> alive);

  // The program has ended, `reason` says how. Calls that run, and those that come, end with UNAVAILABLE. Idempotent.
  void Close(const absl::Status& reason);
  // `idle` runs once: when no call is under way, perhaps inside this. Once.
  void WhenIdle(absl::AnyInvocable<void()> idle);

 private:
  class Unary;
  class Relay;
  // Something under way that can be cancelled.
  class Running {
   public:
    virtual ~Running() = default;
    virtual void CancelRunning() = 0;
  };
  using Deliver = absl::AnyInvocable<void(absl::Status)>;

  // False if the program has ended: *status says how.
  bool Begin(const std::shared_ptr<Running>& call, uint64_t* id, absl::Status* status);
  // Hands `status` to `deliver`, at once or, where it looks as if the program had ended, when that is known.
  void End(uint64_t id, absl::Status status, Deliver deliver);
  void Delivered();
  void Release(uint64_t id);
  RpcQueue* QueueOf(const CallContext& context) const {
    return context.queue != nullptr ? context.queue : options_.queue;
  }
  absl::Status Ended(const absl::Status& reason) const;
  absl::Status InOurWords(absl::Status status) const;

  const Options options_;
  grpc::GenericStub stub_;

  absl::Mutex mu_;
  uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<uint64_t, std::weak_ptr<Running>> running_ ABSL_GUARDED_BY(mu_);
  // Calls whose connection broke and that wait to hear why.
  std::map<uint64_t, std::pair<absl::Status, Deliver>> broken_ ABSL_GUARDED_BY(mu_);
  // Begun and not delivered.
  int64_t outstanding_ ABSL_GUARDED_BY(mu_) = 0;
  absl::AnyInvocable<void()> idle_ ABSL_GUARDED_BY(mu_);
  // Not OK once the program has ended.
  absl::Status closed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_SOCKET_CALLS_H_
