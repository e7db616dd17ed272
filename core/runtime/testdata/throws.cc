// An actor that lets C++ exceptions out through the ABI, without the SDK that would catch them.
#include <stdexcept>

#include "core/runtime/testdata/plain_actor.h"

namespace {

int instance_memory;

paranet_instance* Create(const paranet_host*, paranet_text, const paranet_option* options, size_t option_count, char*,
                         size_t) {
  if (option_count > 0 && options[0].key.size > 0) throw std::runtime_error("thrown by create");
  return reinterpret_cast<paranet_instance*>(&instance_memory);
}

void Unary(paranet_instance*, size_t, paranet_call, paranet_bytes) { throw std::runtime_error("thrown by unary"); }

void Stream(paranet_instance*, size_t, paranet_call) { throw kNoText.size; }

void Destroy(paranet_instance*) { throw 1; }

}  // namespace

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  static const paranet_module module = PLAIN_MODULE(PARANET_ABI_VERSION, Create, Unary, Stream, Destroy);
  return host_abi_version == PARANET_ABI_VERSION ? &module : nullptr;
}
