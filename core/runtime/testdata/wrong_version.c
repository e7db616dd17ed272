// An actor for a host that does not exist yet.
#include "core/runtime/testdata/plain_actor.h"

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  static const paranet_module module = PLAIN_MODULE(PARANET_ABI_VERSION + 1, 0, 0, 0, 0);
  (void)kNoText;
  (void)host_abi_version;
  return &module;
}
