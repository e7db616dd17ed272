// Who a certificate speaks for: `paranet://NETWORK/node/NAME`, also `operator`, `publisher` and `root` (the enrolment
// service of the Network Root) in place of `node`.
#ifndef PARANET_PKI_IDENTITY_H_
#define PARANET_PKI_IDENTITY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet::pki {

enum class Role { kNode, kOperator, kPublisher, kRoot };

// `node`, `operator`, `publisher`, `root`.
absl::string_view RoleName(Role role);
absl::StatusOr<Role> ParseRole(absl::string_view name);

struct Identity {
  std::string network;
  Role role = Role::kNode;
  std::string name;

  // Exactly the canonical form: lower-case scheme, no port, user, query, fragment, escape, empty or further segment.
  // Network and name: a lower-case letter, then lower-case letters, digits and hyphens, at most 63 in all.
  // INVALID_ARGUMENT says what is wrong.
  static absl::StatusOr<Identity> Parse(absl::string_view uri);
  std::string ToUri() const;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// OK if `text` may be the name of a network, node, operator or publisher; `what` names it in the error.
absl::Status CheckIdentityName(absl::string_view text, absl::string_view what);

}  // namespace paranet::pki

#endif  // PARANET_PKI_IDENTITY_H_
