// Join tokens: how a new node finds its Network Root, knows it for the right one, and is known to it.
//
// Textual form: `paranet-join-1.` and, in base64url without padding (RFC 4648 section 5), a serialised
// paranet.v1.JoinToken followed by the first 8 octets of its SHA-256, so that a copy with a slip in it is told from one
// that the root does not know.
#ifndef PARANET_PKI_JOIN_TOKEN_H_
#define PARANET_PKI_JOIN_TOKEN_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "paranet/v1/pki.pb.h"

namespace paranet::pki {

// A token that is whole and well-formed; whether it is known, unused and in time only the root can say. It is a secret:
// it goes into no log and no error.
class JoinToken {
 public:
  // INVALID_ARGUMENT says which field is wrong: network and node are names (identity.h), the endpoint HOST:PORT, the
  // fingerprint 64 hexadecimal digits, the secret 32 octets.
  static absl::StatusOr<JoinToken> Create(v1::JoinToken fields);
  // INVALID_ARGUMENT: no token at all, cut off, altered, of another version of this format; never quotes the token.
  static absl::StatusOr<JoinToken> Parse(absl::string_view text);

  std::string ToText() const;
  const v1::JoinToken& fields() const { return fields_; }
  // SHA-256 of the secret, hexadecimal: all that a root keeps of it.
  std::string SecretHash() const;

 private:
  explicit JoinToken(v1::JoinToken fields) : fields_(std::move(fields)) {}

  v1::JoinToken fields_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_JOIN_TOKEN_H_
