// An actor that does not start: it wants to be told `place`.
#include <stdio.h>

#include "core/runtime/testdata/plain_actor.h"

static paranet_instance* Create(const paranet_host* host, paranet_text actor_id, const paranet_option* options,
                                size_t option_count, char* error, size_t error_size) {
  (void)host;
  (void)options;
  snprintf(error, error_size, "%.*s was given %zu options and none is \"place\"", (int)actor_id.size, actor_id.data,
           option_count);
  return 0;
}

static void Unary(paranet_instance* instance, size_t method, paranet_call call, paranet_bytes request) {
  (void)instance, (void)method, (void)call, (void)request;
}

static void Stream(paranet_instance* instance, size_t method, paranet_call call) {
  (void)instance, (void)method, (void)call, (void)kNoText;
}

static void Destroy(paranet_instance* instance) { (void)instance; }

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  static const paranet_module module = PLAIN_MODULE(PARANET_ABI_VERSION, Create, Unary, Stream, Destroy);
  return host_abi_version == PARANET_ABI_VERSION ? &module : 0;
}
