#include "pki/join_token.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "openssl/sha.h"
#include "pki/identity.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kFamily = "paranet-join-";
constexpr absl::string_view kPrefix = "paranet-join-1.";
// What the longest names and an endpoint with the longest host name come to, with room to spare.
constexpr size_t kMaxText = 4096;
constexpr size_t kMaxHost = 255;
constexpr size_t kChecksum = 8;
constexpr size_t kSecret = 32;
constexpr size_t kFingerprint = 64;

std::string Sha256(absl::string_view data) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof(digest));
}

absl::Status NoToken(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("this is no join token: ", why, "; copy it again in full, or ask for a new one"));
}

absl::Status BadField(absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat("join token: ", why)); }

bool IsEndpoint(absl::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view host = endpoint.substr(0, colon);
  const absl::string_view port_text = endpoint.substr(colon + 1);
  uint32_t port = 0;
  if (port_text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(port_text[0])) ||
      !absl::SimpleAtoi(port_text, &port) || port == 0 || port > 65535) {
    return false;
  }
  const bool brackets = absl::ConsumePrefix(&host, "[");
  if (brackets != absl::ConsumeSuffix(&host, "]")) return false;
  if (host.empty() || host.size() > kMaxHost) return false;
  for (const char c : host) {
    const auto byte = static_cast<unsigned char>(c);
    // Colons in IPv6 addresses alone, and those stand in brackets.
    const bool good = absl::ascii_isalnum(byte) || c == '.' || (brackets ? c == ':' : (c == '-' || c == '_'));
    if (!good) return false;
  }
  return true;
}

bool IsFingerprint(absl::string_view text) {
  if (text.size() != kFingerprint) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_isdigit(byte) && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

// The same bytes for the same fields.
std::string Serialise(const v1::JoinToken& fields) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    fields.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

absl::StatusOr<JoinToken> JoinToken::Create(v1::JoinToken fields) {
  if (const absl::Status name = CheckIdentityName(fields.network(), "network"); !name.ok()) {
    return BadField(name.message());
  }
  if (const absl::Status name = CheckIdentityName(fields.node(), "node"); !name.ok()) return BadField(name.message());
  if (!IsEndpoint(fields.endpoint())) {
    return BadField(absl::StrCat("the endpoint \"", absl::CHexEscape(fields.endpoint().substr(0, kMaxHost)),
                                 "\" is not HOST:PORT, such as root.example:8443 or [2001:db8::1]:8443"));
  }
  if (!IsFingerprint(fields.root_fingerprint())) {
    return BadField("the fingerprint of the root is not 64 lower-case hexadecimal digits");
  }
  if (fields.secret().size() != kSecret) return BadField("the secret does not have 32 octets");
  if (fields.expires_unix() <= 0) return BadField("the time at which it expires is missing");
  return JoinToken(std::move(fields));
}

absl::StatusOr<JoinToken> JoinToken::Parse(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() > kMaxText) return NoToken("it is too long");
  absl::string_view body = text;
  if (!absl::ConsumePrefix(&body, kPrefix)) {
    if (absl::StartsWith(text, kFamily)) {
      return absl::InvalidArgumentError(
          absl::StrCat("this join token is of another version of the format than \"", kPrefix,
                       "\", the one that is known here: use the release of Paranet that the Network Root uses"));
    }
    return NoToken(absl::StrCat("it does not begin with ", kPrefix));
  }
  std::string bytes;
  // The decoder is generous; what it takes for a token must be exactly what the encoder would have written.
  if (!absl::WebSafeBase64Unescape(body, &bytes) || absl::WebSafeBase64Escape(bytes) != body) {
    return NoToken("it is cut off, or has a character that no token has");
  }
  if (bytes.size() <= kChecksum) return NoToken("it is cut off");
  const absl::string_view message = absl::string_view(bytes).substr(0, bytes.size() - kChecksum);
  if (Sha256(message).substr(0, kChecksum) != absl::string_view(bytes).substr(message.size())) {
    return NoToken("it is cut off or altered (its checksum is wrong)");
  }
  v1::JoinToken fields;
  const bool parsed = fields.ParseFromArray(message.data(), static_cast<int>(message.size()));
  fields.DiscardUnknownFields();
  if (!parsed || Serialise(fields) != message) {
    return NoToken("what it carries cannot be read");
  }
  return Create(std::move(fields));
}

std::string JoinToken::ToText() const {
  const std::string message = Serialise(fields_);
  return absl::StrCat(kPrefix, absl::WebSafeBase64Escape(message + Sha256(message).substr(0, kChecksum)));
}

std::string JoinToken::SecretHash() const { return absl::BytesToHexString(Sha256(fields_.secret())); }

}  // namespace paranet::pki
