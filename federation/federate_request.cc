#include "federation/federate_request.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "federation/handshake.h"
#include "pki/identity.h"

namespace paranet {
namespace {

absl::Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon != std::string::npos && colon > 0 &&
      absl::SimpleAtoi(absl::string_view(address).substr(colon + 1), &port) && port >= 1 && port <= 65535) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(address.substr(0, 200)), "\" is no address of a node; write HOST:PORT"));
}

}  // namespace

absl::StatusOr<LinkRecord> CheckFederateRequest(const std::string& self, const v1::FederateRequest& request,
                                                absl::Time now) {
  const std::string& peer = request.peer();
  PARANET_RETURN_IF_ERROR(pki::CheckIdentityName(peer, "the peer's name"));
  if (peer == self) {
    return RefusalStatus(
        MakeRefusal(v1::Refusal::SELF, absl::StrCat("node ", peer, " cannot federate with itself; name another node")));
  }
  PARANET_RETURN_IF_ERROR(CheckAddress(request.address()));
  if (request.mode() != v1::LINK_MODE_UNSPECIFIED && request.mode() != v1::ONE_WAY &&
      request.mode() != v1::BIDIRECTIONAL) {
    return absl::InvalidArgumentError(
        absl::StrCat("link mode ", static_cast<int>(request.mode()), " is unknown; federate one-way or bidirectional"));
  }
  LinkRecord record{.peer = peer, .address = request.address(), .dialler = true};
  record.mode = request.mode() == v1::BIDIRECTIONAL ? v1::BIDIRECTIONAL : v1::ONE_WAY;
  record.created_unix_ms = absl::ToUnixMillis(now);
  return record;
}

}  // namespace paranet
