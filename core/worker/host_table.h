// The function table that an actor in a worker is given: abi.h's, in front of an ActorServer.
#ifndef PARANET_CORE_WORKER_HOST_TABLE_H_
#define PARANET_CORE_WORKER_HOST_TABLE_H_

#include "core/actor/abi.h"

namespace paranet {

class ActorServer;

// `server` outlives it.
struct HostTable : paranet_host {
  explicit HostTable(ActorServer* server);

  ActorServer* const server;
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_HOST_TABLE_H_
