/* An actor in C11, written from core/actor/abi.h alone: no generated code, no library. Its three messages have one
 * field each, `uint64 ... = 1`, which is simple enough to read and write by hand
 * (protobuf.dev/programming-guides/encoding). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/actor/abi.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

/* The key of field 1 as a varint, and the most bytes that a varint has. */
enum { kKey = 0x08, kMaxVarint = 10 };

/* Indexes in kMethods. */
enum { kAdd = 0, kCountDown = 1 };
static const paranet_method kMethods[] = {
    {TEXT("/counter.v1.Counter/Add"), 0},
    {TEXT("/counter.v1.Counter/CountDown"), PARANET_SERVER_STREAMS},
};
static const paranet_text kNoText = {0, 0};
static const paranet_bytes kNoBytes = {0, 0};

/* Handlers run one at a time (paranet.yaml), so `value` needs no lock. */
struct paranet_instance {
  const paranet_host* host;
  uint64_t value;
};

/* The value of field 1, or 0 if there is none. Returns 0 if `bytes` is no such message. */
static int Decode(paranet_bytes bytes, uint64_t* value) {
  const uint8_t* next = bytes.data;
  const uint8_t* const end = next + bytes.size;
  *value = 0;
  while (next < end) {
    if (*next++ != kKey) return 0;
    *value = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (next == end || shift >= 7 * kMaxVarint) return 0;
      *value |= (uint64_t)(*next & 0x7f) << (shift < 64 ? shift : 63);
      if ((*next++ & 0x80) == 0) break;
    }
  }
  return 1;
}

/* Writes the message whose field 1 is `value` to `buffer`. */
static paranet_bytes Encode(uint64_t value, uint8_t buffer[1 + kMaxVarint]) {
  size_t size = 0;
  buffer[size++] = kKey;
  for (; value >= 0x80; value >>= 7) buffer[size++] = (uint8_t)(value | 0x80);
  buffer[size++] = (uint8_t)value;
  return (paranet_bytes){buffer, size};
}

static paranet_instance* Create(const paranet_host* host, paranet_text actor_id, const paranet_option* options,
                                size_t option_count, char* error, size_t error_size) {
  (void)actor_id;
  (void)options;
  (void)option_count;
  paranet_instance* const self = malloc(sizeof(*self));
  if (self == NULL) {
    snprintf(error, error_size, "there is no memory");
    return NULL;
  }
  self->host = host;
  self->value = 0;

  paranet_text start;
  const paranet_text key = TEXT("START");
  if (host->config(host, key, &start)) {
    for (size_t i = 0; i < start.size; ++i) {
      if (start.data[i] < '0' || start.data[i] > '9' || i >= 18) {
        snprintf(error, error_size, "START is \"%.*s\": it must be a whole number of at most 18 digits",
                 (int)(start.size < 100 ? start.size : 100), start.data);
        free(self);
        return NULL;
      }
      self->value = 10 * self->value + (uint64_t)(start.data[i] - '0');
    }
  }
  const paranet_text line = TEXT("ready to count");
  host->log(host, PARANET_LOG_INFO, line);
  return self;
}

/* kAdd is the only unary method. */
static void Unary(paranet_instance* self, size_t method, paranet_call call, paranet_bytes request) {
  uint64_t by;
  (void)method;
  if (!Decode(request, &by)) {
    const paranet_text why = TEXT("the request is no valid counter.v1.AddRequest");
    self->host->respond(self->host, call, 3 /* INVALID_ARGUMENT */, why, kNoBytes);
    return;
  }
  if (self->value + by < by) {
    const paranet_text why = TEXT("the counter does not go so far");
    self->host->respond(self->host, call, 11 /* OUT_OF_RANGE */, why, kNoBytes);
    return;
  }
  self->value += by;
  uint8_t buffer[1 + kMaxVarint];
  self->host->respond(self->host, call, 0, kNoText, Encode(self->value, buffer));
}

/* kCountDown is the only other one. */
static void Stream(paranet_instance* self, size_t method, paranet_call call) {
  const paranet_host* const host = self->host;
  paranet_bytes request;
  uint64_t interval_ms;
  (void)method;
  if (!host->read(host, call, &request) || !Decode(request, &interval_ms) || interval_ms > 3600000) {
    const paranet_text why = TEXT("there is no valid counter.v1.CountDownRequest, or its interval is over an hour");
    host->finish(host, call, 3 /* INVALID_ARGUMENT */, why);
    return;
  }
  for (uint64_t value = self->value;; --value) {
    uint8_t buffer[1 + kMaxVarint];
    /* Each of these lets other handlers run, and says when nobody waits any more. */
    if (!host->write(host, call, Encode(value, buffer)) || value == 0) break;
    if (!host->wait(host, call, (int64_t)interval_ms * 1000)) break;
  }
  host->finish(host, call, 0, kNoText);
}

static void Destroy(paranet_instance* self) { free(self); }

static const paranet_module kModule = {
    .struct_size = sizeof(paranet_module),
    .abi_version = PARANET_ABI_VERSION,
    .method_size = sizeof(paranet_method),
    .methods = kMethods,
    .method_count = sizeof(kMethods) / sizeof(kMethods[0]),
    .create = Create,
    .unary = Unary,
    .stream = Stream,
    /* Handlers notice by themselves, in write and wait. */
    .stop = NULL,
    .destroy = Destroy,
};

PARANET_ACTOR_EXPORT const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return host_abi_version == PARANET_ABI_VERSION ? &kModule : NULL;
}
