// What a node's operator adds to an actor's manifest, and grants it.
#ifndef PARANET_CORE_RUNTIME_ACTOR_SETTINGS_H_
#define PARANET_CORE_RUNTIME_ACTOR_SETTINGS_H_

#include <map>
#include <optional>
#include <string>

#include "paranet/v1/package.pb.h"

namespace paranet {

struct ActorSettings {
  // Configuration in addition to the manifest's `env`, and in its place where the names are the same. The values are
  // resolved (from the node's environment, from files) already and may be secret: never logged, never shown.
  std::map<std::string, std::string> env;
  // Whether the actor may have the network that its manifest asks for.
  bool network = false;
  // In the place of the manifest's, where set: an operator can lower a limit and tighten the isolation, and also raise.
  std::optional<v1::ActorManifest::Isolation> isolation;
  // Fields that are not 0 take the place of the manifest's.
  v1::ActorLimits limits;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_ACTOR_SETTINGS_H_
