// An actor that says everything twice: echoes the request, and then does what the ABI forbids.
#include "core/runtime/testdata/plain_actor.h"

static const paranet_host* host;

static paranet_instance* Create(const paranet_host* given, paranet_text actor_id, const paranet_option* options,
                                size_t option_count, char* error, size_t error_size) {
  (void)actor_id, (void)options, (void)option_count, (void)error, (void)error_size;
  host = given;
  return (paranet_instance*)&host;
}

static void Unary(paranet_instance* instance, size_t method, paranet_call call, paranet_bytes request) {
  const paranet_text message = PLAIN_TEXT("the second answer");
  (void)instance, (void)method;
  host->respond(host, call, 0, kNoText, request);
  host->respond(host, call, 13, message, request);
  // Neither a stream, nor a call at all.
  host->write(host, call, request);
  host->respond(host, 0, 0, kNoText, request);
  host->respond(host, UINT64_MAX, 0, kNoText, request);
}

static void Stream(paranet_instance* instance, size_t method, paranet_call call) {
  paranet_bytes message;
  const paranet_text error = PLAIN_TEXT("the second end");
  (void)instance, (void)method;
  if (host->read(host, call, &message) == 1) {
    host->write(host, call, message);
    host->write(host, call, message);
  }
  host->finish(host, call, 0, kNoText);
  host->write(host, call, message);
  host->finish(host, call, 13, error);
}

static void Destroy(paranet_instance* instance) { (void)instance; }

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  static const paranet_module module = PLAIN_MODULE(PARANET_ABI_VERSION, Create, Unary, Stream, Destroy);
  return host_abi_version == PARANET_ABI_VERSION ? &module : 0;
}
