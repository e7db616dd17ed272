// How much of a node its client may see.
#ifndef PARANET_CORE_NODE_VISIBILITY_H_
#define PARANET_CORE_NODE_VISIBILITY_H_

#include <functional>

#include "core/skill/catalogue.h"
#include "core/skill/skill_set.h"
#include "grpcpp/security/auth_context.h"

namespace paranet {

enum class Visibility {
  // A stranger: not even the names of services.
  kNothing,
  // A peer: what actors on this node offer, but for what is private.
  kExported,
  // The operator, and everyone at a Test Node: all that the node knows.
  kEverything,
};

// Decides for the client of one call. Thread-safe; must not block for long.
using Viewer = std::function<Visibility(const grpc::AuthContext&)>;

bool IsVisible(const CatalogueEntry& entry, Visibility visibility);
bool IsVisible(const CatalogueEntry& entry, const Skill& skill, Visibility visibility);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_VISIBILITY_H_
