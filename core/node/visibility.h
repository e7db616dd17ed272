// How much of a node its client may see.
#ifndef PARANET_CORE_NODE_VISIBILITY_H_
#define PARANET_CORE_NODE_VISIBILITY_H_

#include <functional>
#include <utility>

#include "core/skill/catalogue.h"
#include "core/skill/skill_set.h"
#include "grpcpp/server_context.h"

namespace paranet {

enum class Visibility {
  // A stranger: not even the names of services.
  kNothing,
  // A peer: what actors on this node offer, but for what is private.
  kExported,
  // The operator, and everyone at a Test Node: all that the node knows.
  kEverything,
};

// What one client may see.
struct ClientView {
  ClientView(Visibility what) : visibility(what) {}  // NOLINT(google-explicit-constructor): most need no more
  ClientView(Visibility what, std::function<bool(const Skill&)> which) : visibility(what), may_call(std::move(which)) {}

  bool sees_all() const { return visibility == Visibility::kEverything && !may_call; }

  Visibility visibility;
  // Narrows that further: what a client may not call it does not see. Null: all.
  std::function<bool(const Skill&)> may_call;
};

// Decides for the client of one call. Thread-safe; must not block for long.
using Viewer = std::function<ClientView(const grpc::ServerContext&)>;

// A set is visible if one of its skills may be called.
bool IsVisible(const CatalogueEntry& entry, const ClientView& view);
bool IsVisible(const CatalogueEntry& entry, const Skill& skill, const ClientView& view);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_VISIBILITY_H_
