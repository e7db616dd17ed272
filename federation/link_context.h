// What all links of a federation share.
#ifndef PARANET_FEDERATION_LINK_CONTEXT_H_
#define PARANET_FEDERATION_LINK_CONTEXT_H_

#include <memory>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/node/policy.h"
#include "core/routing/router.h"
#include "core/rpc/rpc_queue.h"
#include "core/rpc/stall_watch.h"
#include "core/skill/catalogue.h"
#include "federation/activity.h"
#include "federation/control_thread.h"
#include "pki/node_trust.h"

namespace paranet {

// Shared by links and calls, which may outlive the federation; the raw pointers may be used only on the control thread
// or with a token of `activity`.
struct LinkContext {
  std::shared_ptr<ControlThread> control;
  std::shared_ptr<Activity> activity;
  // Asked anew each time: what it says changes.
  std::shared_ptr<pki::NodeTrust> trust;
  Catalogue* catalogue = nullptr;
  const Router* router = nullptr;
  // What peers may call beside what is exported; null: all of it.
  const Policy* policy = nullptr;
  Clock* clock = nullptr;
  // For streams that this node dials and that have no other leg.
  RpcQueue* queue = nullptr;
  // Of the threads of that queue and of the server's, while they run handlers of actors.
  std::shared_ptr<StallWatch> stalls;
  Logger logger;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_CONTEXT_H_
