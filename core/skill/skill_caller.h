// Calling skills from inside a node: what an actor, or a program around the node, uses.
#ifndef PARANET_CORE_SKILL_SKILL_CALLER_H_
#define PARANET_CORE_SKILL_SKILL_CALLER_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/skill/provider.h"

namespace paranet {

// Who calls, and on whose behalf. Passed on as CallContext.
struct CallOrigin {
  // Identity of the original caller, or `actor:weather@1.0.0` for an actor that calls of its own accord.
  std::string caller;
  absl::Time deadline = absl::InfiniteFuture();
  // Federated links that the parent call has crossed.
  int hops = 0;
  Metadata metadata;
  // As in CallContext.
  bool run_here = false;
};

// Thread-safe.
class SkillCaller {
 public:
  virtual ~SkillCaller() = default;
  // `skill` is a gRPC path (`/weather.v1.Weather/Current`) or a name (`weather/current~1.2`). Resolved as a call from
  // the node itself: NOT_FOUND with the nearest names, UNAVAILABLE, INVALID_ARGUMENT if the skill streams. `done` runs
  // exactly once, perhaps before this returns; the handle is never null.
  virtual std::shared_ptr<CallHandle> CallUnary(absl::string_view skill, CallOrigin origin, Payload request,
                                                UnaryDone done) = 0;
  // The caller's end is `stream`, as in Provider::CallStream. A skill that cannot be resolved finishes the stream.
  virtual void CallStream(absl::string_view skill, CallOrigin origin, std::shared_ptr<ServerStream> stream) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_SKILL_CALLER_H_
