// An actor that takes calls and never answers.
#include "core/runtime/testdata/plain_actor.h"

static int instance_memory;

static paranet_instance* Create(const paranet_host* host, paranet_text actor_id, const paranet_option* options,
                                size_t option_count, char* error, size_t error_size) {
  (void)host, (void)actor_id, (void)options, (void)option_count, (void)error, (void)error_size;
  return (paranet_instance*)&instance_memory;
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
