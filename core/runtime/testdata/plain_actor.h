// What the actors of this folder have in common: the service plain.v1.Plain by hand.
#ifndef PARANET_CORE_RUNTIME_TESTDATA_PLAIN_ACTOR_H_
#define PARANET_CORE_RUNTIME_TESTDATA_PLAIN_ACTOR_H_

#include "core/actor/abi.h"

#define PLAIN_TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static const paranet_method kPlainMethods[] = {
    {PLAIN_TEXT("/plain.v1.Plain/Do"), 0},
    {PLAIN_TEXT("/plain.v1.Plain/Stream"), PARANET_SERVER_STREAMS},
};

static const paranet_text kNoText = {0, 0};

// The table with these functions.
#define PLAIN_MODULE(version, create, unary, stream, destroy)                                             \
  {                                                                                                       \
    sizeof(paranet_module), version, sizeof(paranet_method), kPlainMethods,                               \
        sizeof(kPlainMethods) / sizeof(kPlainMethods[0]), create, unary, stream, 0 /* no stop */, destroy \
  }

#endif  // PARANET_CORE_RUNTIME_TESTDATA_PLAIN_ACTOR_H_
