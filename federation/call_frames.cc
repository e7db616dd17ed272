#include "federation/call_frames.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "core/rpc/metadata.h"
#include "grpcpp/support/proto_buffer_reader.h"

namespace paranet {
namespace {

constexpr int kLargestCode = static_cast<int>(absl::StatusCode::kUnauthenticated);

// Longest message of a status that travels, in bytes: it becomes a trailer at a gRPC client.
constexpr size_t kMostMessageBytes = 4096;

// gRPC over HTTP/2: `1*( %x30-39 / %x61-7A / "_" / "-" / ".")`.
bool IsLegalKey(absl::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || absl::ascii_islower(static_cast<unsigned char>(c)) ||
           c == '_' || c == '-' || c == '.';
  });
}

// Printable ASCII and space; binary values have a key that says so.
bool IsLegalValue(absl::string_view key, absl::string_view value) {
  if (absl::EndsWith(key, "-bin")) return true;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Payload Encode(const google::protobuf::MessageLite& message) { return MakePayload(message.SerializeAsString()); }

bool Decode(const Payload& payload, google::protobuf::MessageLite* message) {
  Payload copy = payload;
  grpc::ProtoBufferReader reader(&copy);
  return reader.status().ok() && message->ParseFromZeroCopyStream(&reader) && reader.status().ok();
}

v1::CallHeader MakeCallHeader(const CallContext& context, absl::Time now) {
  v1::CallHeader header;
  header.set_path(context.skill->path);
  header.set_version(context.skill_set->version().ToString());
  if (context.deadline != absl::InfiniteFuture()) {
    // 0 means none.
    header.set_timeout_us(
        static_cast<uint64_t>(std::max<int64_t>(absl::ToInt64Microseconds(context.deadline - now), 1)));
  }
  header.set_caller(context.caller);
  header.set_hops(static_cast<uint32_t>(context.hops + 1));
  SetMetadata(context.metadata, header.mutable_metadata());
  return header;
}

absl::Time HeaderDeadline(const v1::CallHeader& header, absl::Time now) {
  constexpr uint64_t kMostUs = uint64_t{1} << 62;
  if (header.timeout_us() == 0 || header.timeout_us() > kMostUs) return absl::InfiniteFuture();
  return now + absl::Microseconds(static_cast<int64_t>(header.timeout_us()));
}

void SetMetadata(const Metadata& metadata, google::protobuf::RepeatedPtrField<v1::Metadatum>* out) {
  for (const auto& [key, value] : metadata) {
    v1::Metadatum* const datum = out->Add();
    datum->set_key(key);
    datum->set_value(value);
  }
}

Metadata GetMetadata(const google::protobuf::RepeatedPtrField<v1::Metadatum>& metadata) {
  Metadata result;
  result.reserve(static_cast<size_t>(metadata.size()));
  for (const v1::Metadatum& datum : metadata) {
    if (!IsLegalKey(datum.key()) || IsReservedMetadataKey(datum.key())) continue;
    if (!IsLegalValue(datum.key(), datum.value())) continue;
    result.emplace_back(datum.key(), datum.value());
  }
  return result;
}

v1::CallStatus MakeCallStatus(const absl::Status& status, const Metadata& trailers, bool unprocessed) {
  v1::CallStatus result;
  result.set_code(static_cast<uint32_t>(status.code()));
  result.set_message(std::string(status.message().substr(0, kMostMessageBytes)));
  SetMetadata(trailers, result.mutable_trailers());
  result.set_unprocessed(unprocessed);
  return result;
}

absl::Status GetStatus(const v1::CallStatus& status) {
  const bool known = status.code() <= kLargestCode;
  return absl::Status(known ? static_cast<absl::StatusCode>(status.code()) : absl::StatusCode::kUnknown,
                      absl::string_view(status.message()).substr(0, kMostMessageBytes));
}

}  // namespace paranet
