// Router: from a skill to one provider of it.
#ifndef PARANET_CORE_ROUTING_ROUTER_H_
#define PARANET_CORE_ROUTING_ROUTER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/skill/catalogue.h"
#include "core/skill/provider.h"
#include "core/skill/skill_id.h"

namespace paranet {

// Whose providers may serve a call.
enum class RouteScope {
  // Actors and peers.
  kAll,
  // Actors alone: for calls that come over a link (no transit) .
  kLocal,
};

struct Route {
  std::shared_ptr<const SkillSet> skill_set;
  const Skill* skill = nullptr;
  std::shared_ptr<Provider> provider;
};

// Thread-safe; holds no lock while it resolves.
class Router {
 public:
  // `catalogue` must outlive the router.
  explicit Router(const Catalogue* catalogue) : catalogue_(catalogue) {}

  // By gRPC path; `version` is an exact version, or empty for the highest. The highest version that has a provider in
  // scope; among its available providers a local one first, else the one with the least outstanding calls of two chosen
  // at random. UNIMPLEMENTED (as gRPC does) for an unknown path, with the nearest names; UNAVAILABLE if all providers
  // are unavailable.
  absl::StatusOr<Route> ResolvePath(absl::string_view path, absl::string_view version = "",
                                    RouteScope scope = RouteScope::kAll) const;
  // The same with the highest version that `pin` matches.
  absl::StatusOr<Route> ResolvePath(absl::string_view path, const VersionPin& pin) const;

  // By name, with or without a pin; `provider` empty or a provider's name. NOT_FOUND with the nearest names for an
  // unknown skill, version or provider; UNAVAILABLE.
  absl::StatusOr<Route> ResolveSkill(const SkillRef& ref, absl::string_view provider = "") const;

 private:
  const Catalogue* const catalogue_;
};

}  // namespace paranet

#endif  // PARANET_CORE_ROUTING_ROUTER_H_
