// Moving a payload.
#ifndef PARANET_CORE_BASE_TAKE_PAYLOAD_H_
#define PARANET_CORE_BASE_TAKE_PAYLOAD_H_

#include "core/base/payload.h"

namespace paranet {

// The content of `payload`, which is empty afterwards: what std::move does for other types. A grpc::ByteBuffer that is
// moved is copied, which takes memory and counts references.
inline Payload TakePayload(Payload& payload) {
  Payload taken;
  taken.Swap(&payload);
  return taken;
}

}  // namespace paranet

#endif  // PARANET_CORE_BASE_TAKE_PAYLOAD_H_
