// An actor that misbehaves as its build says: BAD_CREATE runs when it is created, BAD_LOAD while it is loaded,
// BAD_VERSION is its ABI version, and with BAD_MODULE it has no table.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "core/actor/abi.h"

#ifndef BAD_CREATE
#define BAD_CREATE
#endif
#ifndef BAD_LOAD
#define BAD_LOAD
#endif
#ifndef BAD_VERSION
#define BAD_VERSION PARANET_ABI_VERSION
#endif

namespace {

constexpr paranet_method kMethods[] = {
    {{"/weather.v1.Weather/Current", 27}, 0},
    {{"/weather.v1.Weather/Watch", 25}, PARANET_SERVER_STREAMS},
};

int instance_memory;

struct Load {
  Load() { BAD_LOAD; }
};
[[maybe_unused]] const Load load;

[[maybe_unused]] paranet_instance* Fail(char* error, size_t error_size) {
  std::snprintf(error, error_size, "not today");
  return nullptr;
}

paranet_instance* Create(const paranet_host* /*host*/, paranet_text /*actor_id*/, const paranet_option* /*options*/,
                         size_t /*option_count*/, [[maybe_unused]] char* error, [[maybe_unused]] size_t error_size) {
  BAD_CREATE;
  return reinterpret_cast<paranet_instance*>(&instance_memory);
}

void Unary(paranet_instance* /*instance*/, size_t /*method*/, paranet_call /*call*/, paranet_bytes /*request*/) {}
void Stream(paranet_instance* /*instance*/, size_t /*method*/, paranet_call /*call*/) {}
void Destroy(paranet_instance* /*instance*/) {}

constexpr paranet_module kModule = {
    sizeof(paranet_module), BAD_VERSION, sizeof(paranet_method), kMethods, 2, Create, Unary, Stream, nullptr, Destroy,
};

}  // namespace

#ifdef BAD_NAME
extern "C" PARANET_ACTOR_EXPORT const paranet_module* BAD_NAME(uint32_t host_abi_version);
#else
#define BAD_NAME paranet_actor_module
#endif

const paranet_module* BAD_NAME(uint32_t /*host_abi_version*/) {
#ifdef BAD_MODULE
  return nullptr;
#else
  return &kModule;
#endif
}
