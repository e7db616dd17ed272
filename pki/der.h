// The distinguished encoding rules of ASN.1 (X.690), as strict as they are written.
#ifndef PARANET_PKI_DER_H_
#define PARANET_PKI_DER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "openssl/base.h"
#include "openssl/bytestring.h"

namespace paranet::pki {

// Whether `bytes` are exactly one element in DER down to its leaves: definite lengths of the fewest octets, no
// constructed strings, at most 32 levels. BoringSSL's X.509 parser alone would let BER pass.
bool IsDer(absl::string_view bytes);

// The content of a UTCTime (`utc`) or GeneralizedTime as RFC 5280 section 4.1.2.5 has them: UTCTime until 2049,
// GeneralizedTime from 2050 on, to the second, in UTC, and no other form. INVALID_ARGUMENT for anything else; with
// `any_year` a GeneralizedTime before 2050 will do, as some write it.
absl::StatusOr<absl::Time> DecodeTime(absl::string_view text, bool utc, bool any_year = false);
// The other direction: the tag (CBS_ASN1_UTCTIME or CBS_ASN1_GENERALIZEDTIME) and the content. For 1950 to 9999.
std::string EncodeTime(absl::Time time, unsigned& tag);

// An INTEGER's content (big-endian, two's complement, of the fewest octets) as Certificate::serial() writes it:
// lower-case hexadecimal, two digits for each octet of its magnitude, with `-` if negative.
std::string IntegerToHex(absl::string_view content);

// A dotted object identifier from its content; `?` if it is none.
std::string OidToText(const CBS& content);

// What `cbs` has left.
inline absl::string_view Content(const CBS& cbs) {
  return absl::string_view(reinterpret_cast<const char*>(CBS_data(&cbs)), CBS_len(&cbs));
}
inline CBS ToCbs(absl::string_view bytes) {
  CBS cbs;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return cbs;
}

// `name` as it was parsed, or as DER if it was built. Empty if memory ran out.
std::string NameToDer(X509_NAME* name);
// `name` for people, by RFC 2253: `CN=alpha,O=acme`.
std::string NameToText(X509_NAME* name);

}  // namespace paranet::pki

#endif  // PARANET_PKI_DER_H_
