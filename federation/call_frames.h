// Calls as they travel between nodes: between our types and the protocol's messages.
#ifndef PARANET_FEDERATION_CALL_FRAMES_H_
#define PARANET_FEDERATION_CALL_FRAMES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/skill/provider.h"
#include "google/protobuf/message_lite.h"
#include "google/protobuf/repeated_field.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// Links that a call may cross.
inline constexpr int kMostHops = 16;
// What a message may have beside the payload of its frame: headers, trailers, framing.
inline constexpr size_t kFrameOverheadBytes = 64 << 10;

Payload Encode(const google::protobuf::MessageLite& message);
// False if `payload` is no such message.
bool Decode(const Payload& payload, google::protobuf::MessageLite* message);

// The header of a call that leaves this node over a link at `now`: one hop more, the time that remains.
v1::CallHeader MakeCallHeader(const CallContext& context, absl::Time now);
// InfiniteFuture for none.
absl::Time HeaderDeadline(const v1::CallHeader& header, absl::Time now);

void SetMetadata(const Metadata& metadata, google::protobuf::RepeatedPtrField<v1::Metadatum>* out);
// Without keys that are reserved or not legal in HTTP/2: the peer's word is not taken for that.
Metadata GetMetadata(const google::protobuf::RepeatedPtrField<v1::Metadatum>& metadata);

v1::CallStatus MakeCallStatus(const absl::Status& status, const Metadata& trailers, bool unprocessed);
// UNKNOWN for a code that is none.
absl::Status GetStatus(const v1::CallStatus& status);

}  // namespace paranet

#endif  // PARANET_FEDERATION_CALL_FRAMES_H_
