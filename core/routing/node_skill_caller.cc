#include "core/routing/node_skill_caller.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/base/take_payload.h"
#include "core/skill/skill_id.h"

namespace paranet {
namespace {

// To the caller a call that was refused is a call all the same.
class RefusedCall final : public CallHandle {
 public:
  void Cancel() override {}
};

absl::StatusOr<Route> ResolvePath(const Router& router, absl::string_view skill) {
  std::optional<VersionPin> pin;
  const absl::string_view path = skill.substr(0, skill.find('~'));
  if (path.size() < skill.size()) {
    PARANET_ASSIGN_OR_RETURN(pin, VersionPin::Parse(skill.substr(path.size() + 1)));
  }
  absl::StatusOr<Route> route = pin.has_value() ? router.ResolvePath(path, *pin) : router.ResolvePath(path);
  // UNIMPLEMENTED is what gRPC tells who calls from outside.
  if (absl::IsUnimplemented(route.status())) return absl::NotFoundError(route.status().message());
  return route;
}

absl::StatusOr<Route> Resolve(const Router& router, absl::string_view skill) {
  if (absl::StartsWith(skill, "/")) return ResolvePath(router, skill);
  PARANET_ASSIGN_OR_RETURN(const SkillRef ref, SkillRef::Parse(skill));
  return router.ResolveSkill(ref);
}

CallContext MakeContext(const Route& route, CallOrigin&& origin) {
  return {.skill_set = route.skill_set,
          .skill = route.skill,
          .deadline = origin.deadline,
          .caller = std::move(origin.caller),
          .hops = origin.hops,
          .metadata = std::move(origin.metadata),
          .run_here = origin.run_here};
}

}  // namespace

std::shared_ptr<CallHandle> NodeSkillCaller::CallUnary(absl::string_view skill, CallOrigin origin, Payload request,
                                                       UnaryDone done) {
  absl::StatusOr<Route> route = Resolve(*router_, skill);
  if (route.ok() && route->skill->shape != SkillShape::kUnary) {
    route = absl::InvalidArgumentError(absl::StrCat("skill ", skill, " streams: it cannot be called as a unary one"));
  }
  if (!route.ok()) {
    std::move(done)(UnaryResult{.status = route.status(), .unprocessed = true});
    return std::make_shared<RefusedCall>();
  }
  return route->provider->CallUnary(MakeContext(*route, std::move(origin)), TakePayload(request), std::move(done));
}

void NodeSkillCaller::CallStream(absl::string_view skill, CallOrigin origin, std::shared_ptr<ServerStream> stream) {
  absl::StatusOr<Route> route = Resolve(*router_, skill);
  if (route.ok() && route->skill->shape == SkillShape::kUnary) {
    route = absl::InvalidArgumentError(absl::StrCat("skill ", skill, " is unary: it cannot be called as a stream"));
  }
  if (!route.ok()) return stream->Finish(route.status(), {});
  route->provider->CallStream(MakeContext(*route, std::move(origin)), std::move(stream));
}

}  // namespace paranet
