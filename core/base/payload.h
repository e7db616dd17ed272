// The bytes of one message, by reference.
#ifndef PARANET_CORE_BASE_PAYLOAD_H_
#define PARANET_CORE_BASE_PAYLOAD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/support/byte_buffer.h"

namespace paranet {

// A reference-counted rope of gRPC slices: copying a Payload copies references, never bytes. Routing passes Payloads on
// and never looks inside.
using Payload = grpc::ByteBuffer;

// A copy of `bytes` in one slice.
Payload MakePayload(absl::string_view bytes);
inline Payload MakePayload(const char* text) { return MakePayload(absl::string_view(text)); }

// Takes `bytes` over without copying them.
Payload MakePayload(std::string&& bytes);

// All bytes of `payload`, copied into one string.
std::string PayloadToString(const Payload& payload);

}  // namespace paranet

#endif  // PARANET_CORE_BASE_PAYLOAD_H_
