// Who serves skills: the one interface that local actors and remote peers both implement.
//
// A call has two sides. The caller's side (a gRPC client at our listener, a peer, Python) begins it; the provider's
// side answers. Everything is asynchronous and callbacks run on whatever thread gets there first: they must not block,
// and they may run before the function that was given them returns.
#ifndef PARANET_CORE_SKILL_PROVIDER_H_
#define PARANET_CORE_SKILL_PROVIDER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/skill/skill_set.h"

namespace paranet {

class RpcQueue;

// Custom metadata in order: keys in lower case, values may be binary where the key ends in "-bin". Keys that gRPC
// reserves
// ("grpc-*", ":*", "content-type", "te", "user-agent") are not in it.
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct CallContext {
  // The skill, kept alive together with its set.
  std::shared_ptr<const SkillSet> skill_set;
  const Skill* skill = nullptr;
  absl::Time deadline = absl::InfiniteFuture();
  // Identity of the original caller: `paranet://acme/node/alpha`, `uid:1000`, `local`, or `anonymous` on a Test Node's
  // listener.
  std::string caller;
  // Federated links that the call has crossed.
  int hops = 0;
  Metadata metadata;
  // The queue that polls for the call's other leg; null where there is none. Outlives the call.
  RpcQueue* queue = nullptr;
  // Of a unary call: the caller promises to call CallHandle::RunHere, from a thread that has nothing else to do until
  // the call ends and may block for as long, or else CallHandle::RunElsewhere.
  bool run_here = false;
};

struct UnaryResult {
  absl::Status status;
  // Where `status` is OK.
  Payload response;
  Metadata trailers;
  // True if the call certainly did not reach an actor, so that it may be tried elsewhere.
  bool unprocessed = false;
};
using UnaryDone = absl::AnyInvocable<void(UnaryResult)>;

// Gives up on a call. Cancel() is thread-safe and idempotent; it may be called after the call has ended. The call's
// callback still runs exactly once, soon, with CANCELLED if the call had not ended.
class CallHandle {
 public:
  virtual ~CallHandle() = default;
  virtual void Cancel() = 0;
  // Lends the calling thread to a call that was begun with CallContext::run_here, once and soon after CallUnary has
  // returned: the actor's handler may run on it. Does nothing where the provider has other threads for it.
  virtual void RunHere() {}
  // Instead of RunHere: the thread is needed elsewhere, so the provider takes one of its own.
  virtual void RunElsewhere() {}
};

// The provider's end of a streaming call, implemented by the caller's side. At most one Read and one Write are
// outstanding at a time; both may be outstanding together. Thread-safe apart from that. Dropping the last reference
// without Finish ends the call with INTERNAL.
class ServerStream {
 public:
  virtual ~ServerStream() = default;
  // The next request; nullopt when the caller has half-closed or the call is cancelled.
  virtual void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) = 0;
  // `done` runs when there is room for the next; false when the call is cancelled. This is the back pressure.
  virtual void Write(Payload payload, absl::AnyInvocable<void(bool)> done) = 0;
  // Ends the call; once, with no Write outstanding (a Read may be: it gets nullopt).
  virtual void Finish(absl::Status status, Metadata trailers) = 0;
  // `cancelled` runs at most once: when the caller has given up or the deadline has passed before Finish. Set before
  // the first Read or Write.
  virtual void OnCancel(absl::AnyInvocable<void()> cancelled) = 0;
};

// Thread-safe.
class Provider {
 public:
  enum class Kind { kActor, kPeer };

  virtual ~Provider() = default;
  virtual Kind kind() const = 0;
  // `weather@1.0.0` for an actor, the node's name for a peer. Unique at a node.
  virtual const std::string& name() const = 0;
  // False while calls would fail at once (a link that is down, an actor that starts).
  virtual bool available() const = 0;
  // Calls begun and not ended.
  virtual int64_t outstanding() const = 0;

  // A unary call. `done` runs exactly once, whatever happens. Enforces the deadline.
  virtual std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) = 0;
  // A call of any of the three streaming shapes.
  virtual void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_PROVIDER_H_
