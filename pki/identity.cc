#include "pki/identity.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kScheme = "paranet://";
constexpr size_t kMaxName = 63;
// Three parts of at most kMaxName each; anything longer need not be quoted in full.
constexpr size_t kMaxUri = 256;

absl::Status Malformed(absl::string_view uri, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(uri.substr(0, kMaxUri)), "\" is no identity: ", why,
                   "; the form is paranet://NETWORK/node/NAME, or operator or publisher in "
                   "place of node"));
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kNode:
      return "node";
    case Role::kOperator:
      return "operator";
    case Role::kPublisher:
      return "publisher";
    case Role::kRoot:
      return "root";
  }
  return "";
}

absl::StatusOr<Role> ParseRole(absl::string_view name) {
  for (Role role : {Role::kNode, Role::kOperator, Role::kPublisher, Role::kRoot}) {
    if (name == RoleName(role)) return role;
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(name.substr(0, kMaxName)),
                                                 "\" is no role: give node, operator or publisher"));
}

absl::Status CheckIdentityName(absl::string_view text, absl::string_view what) {
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(what, " name \"", absl::CHexEscape(text.substr(0, kMaxName + 1)),
                                                   "\" ", why,
                                                   ": give a lower-case letter, then lower-case letters, digits and "
                                                   "hyphens, at most ",
                                                   kMaxName, " in all"));
  };
  if (text.empty()) return bad("is empty");
  if (text.size() > kMaxName) return bad("is too long");
  if (!absl::ascii_islower(static_cast<unsigned char>(text[0]))) return bad("does not begin with a lower-case letter");
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '-') return bad("has a character it may not");
  }
  return absl::OkStatus();
}

absl::StatusOr<Identity> Identity::Parse(absl::string_view uri) {
  if (uri.size() > kMaxUri) return Malformed(uri, "it is too long");
  absl::string_view rest = uri;
  if (!absl::ConsumePrefix(&rest, kScheme)) return Malformed(uri, "it does not begin with paranet://");

  const size_t first = rest.find('/');
  if (first == absl::string_view::npos) return Malformed(uri, "it has no role");
  const size_t second = rest.find('/', first + 1);
  if (second == absl::string_view::npos) return Malformed(uri, "it has no name");

  Identity identity;
  identity.network = std::string(rest.substr(0, first));
  identity.name = std::string(rest.substr(second + 1));
  if (absl::Status status = CheckIdentityName(identity.network, "network"); !status.ok()) {
    return Malformed(uri, status.message());
  }
  absl::StatusOr<Role> role = ParseRole(rest.substr(first + 1, second - first - 1));
  if (!role.ok()) return Malformed(uri, role.status().message());
  identity.role = *role;
  if (absl::Status status = CheckIdentityName(identity.name, RoleName(identity.role)); !status.ok()) {
    return Malformed(uri, status.message());
  }
  return identity;
}

std::string Identity::ToUri() const { return absl::StrCat(kScheme, network, "/", RoleName(role), "/", name); }

}  // namespace paranet::pki
