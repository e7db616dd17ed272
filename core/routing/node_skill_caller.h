// Calls of skills from inside of the node: by its actors, through the same router as calls that come from outside.
#ifndef PARANET_CORE_ROUTING_NODE_SKILL_CALLER_H_
#define PARANET_CORE_ROUTING_NODE_SKILL_CALLER_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "core/base/payload.h"
#include "core/routing/router.h"
#include "core/skill/provider.h"
#include "core/skill/skill_caller.h"

namespace paranet {

// A skill is written `/weather.v1.Weather/Current` or `weather/current`, each with or without a pin (`~1.2`). Resolved
// anew for each call, so that a call goes where the catalogue points at that moment. Thread-safe; never blocks.
class NodeSkillCaller final : public SkillCaller {
 public:
  // `router` outlives this object.
  explicit NodeSkillCaller(const Router* router) : router_(router) {}

  std::shared_ptr<CallHandle> CallUnary(absl::string_view skill, CallOrigin origin, Payload request,
                                        UnaryDone done) override;
  void CallStream(absl::string_view skill, CallOrigin origin, std::shared_ptr<ServerStream> stream) override;

 private:
  const Router* const router_;
};

}  // namespace paranet

#endif  // PARANET_CORE_ROUTING_NODE_SKILL_CALLER_H_
