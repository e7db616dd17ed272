#include "pki/root/list_signer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pki/revocation_list.h"
#include "pki/root/audit_trail.h"
#include "pki/root/authority_book.h"
#include "pki/root/certificate_book.h"
#include "pki/root/root_lives.h"

namespace paranet::pki {

absl::Status SignRevocationList(Database& ledger, const Certificate& authority, const PrivateKey& key,
                                absl::Duration life, absl::Time now, const std::string& actor) {
  PARANET_ASSIGN_OR_RETURN(const std::optional<ListTimes> before, ReadListTimes(ledger, authority.fingerprint()));
  PARANET_ASSIGN_OR_RETURN(
      std::vector<RevokedSerial> revoked,
      ListRevoked(ledger, authority.fingerprint(), before.has_value() ? before->this_update : now));
  const size_t count = revoked.size();
  const auto number = static_cast<uint64_t>(
      std::max(absl::ToUnixSeconds(now), before.has_value() ? static_cast<int64_t>(before->number) + 1 : int64_t{1}));
  PARANET_ASSIGN_OR_RETURN(const RevocationList list,
                           IssueRevocationList(authority, key,
                                               {.number = number,
                                                .this_update = now - kBackdate,
                                                .next_update = std::min(now + life, authority.not_after()),
                                                .entries = std::move(revoked)}));
  PARANET_RETURN_IF_ERROR(WriteRevocationList(ledger, authority.fingerprint(), number, list));
  return AppendAudit(ledger, {.time = now,
                              .actor = actor,
                              .event = "list",
                              .subject = authority.subject(),
                              .detail = absl::StrCat(number, " ", count, " ", authority.fingerprint()),
                              .hash = ""})
      .status();
}

}  // namespace paranet::pki
