// weather.v1.Weather, whose answers are always the same and carry, in the trailer `version`, what the actor's
// configuration says under VERSION.
#include <stdlib.h>

#include "core/actor/abi.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

struct paranet_instance {
  const paranet_host* host;
  // Valid as long as the instance.
  paranet_text version;
};

static const paranet_method kMethods[] = {
    {TEXT("/weather.v1.Weather/Current"), 0},
    {TEXT("/weather.v1.Weather/Watch"), PARANET_SERVER_STREAMS},
};

static const paranet_text kNoText = {0, 0};
static const paranet_text kKey = TEXT("version");
// A CurrentResponse of Oslo.
static const paranet_bytes kOslo = TEXT("\x0A\x04Oslo");

enum { kReports = 20, kPauseMicros = 10000 };

static paranet_instance* Create(const paranet_host* host, paranet_text actor_id, const paranet_option* options,
                                size_t option_count, char* error, size_t error_size) {
  static const paranet_text kVersion = TEXT("VERSION");
  static const char kMissing[] = "VERSION is not configured";
  paranet_instance* instance = malloc(sizeof(paranet_instance));
  size_t i = 0;
  (void)actor_id;
  (void)options;
  (void)option_count;
  if (instance == 0) return 0;
  instance->host = host;
  if (host->config(host, kVersion, &instance->version)) return instance;
  for (; i < sizeof(kMissing) && i < error_size; ++i) error[i] = kMissing[i];
  free(instance);
  return 0;
}

static void Unary(paranet_instance* instance, size_t method, paranet_call call, paranet_bytes request) {
  const paranet_host* host = instance->host;
  (void)method;
  (void)request;
  host->add_trailer(host, call, kKey, instance->version);
  host->respond(host, call, 0, kNoText, kOslo);
}

static void Stream(paranet_instance* instance, size_t method, paranet_call call) {
  const paranet_host* host = instance->host;
  paranet_bytes request;
  int i = 0;
  (void)method;
  if (!host->read(host, call, &request)) return;
  for (; i < kReports; ++i) {
    if (!host->wait(host, call, kPauseMicros) || !host->write(host, call, kOslo)) break;
  }
  host->add_trailer(host, call, kKey, instance->version);
  host->finish(host, call, 0, kNoText);
}

static void Destroy(paranet_instance* instance) { free(instance); }

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  static const paranet_module module = {
      sizeof(paranet_module),
      PARANET_ABI_VERSION,
      sizeof(paranet_method),
      kMethods,
      2,
      Create,
      Unary,
      Stream,
      0,
      Destroy,
  };
  return host_abi_version == PARANET_ABI_VERSION ? &module : 0;
}
