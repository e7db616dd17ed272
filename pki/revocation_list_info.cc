#include "pki/revocation_list_info.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"

namespace paranet::pki {

v1::RevocationListInfo DescribeRevocationList(const RevocationList& list) {
  v1::RevocationListInfo info;
  info.set_issuer(list.issuer());
  info.set_authority_key_id(absl::BytesToHexString(list.authority_key_id()));
  info.set_number(list.number());
  info.set_this_update_unix(absl::ToUnixSeconds(list.this_update()));
  if (list.next_update() != absl::InfiniteFuture()) {
    info.set_next_update_unix(absl::ToUnixSeconds(list.next_update()));
  }
  for (const RevokedSerial& entry : list.entries()) {
    v1::RevokedCertificate* const revoked = info.add_revoked();
    revoked->set_serial(entry.serial);
    revoked->set_revoked_at_unix(absl::ToUnixSeconds(entry.revoked_at));
    if (entry.reason != RevocationReason::kUnspecified) {
      revoked->set_reason(std::string(RevocationReasonName(entry.reason)));
    }
  }
  info.set_fingerprint(list.fingerprint());
  return info;
}

}  // namespace paranet::pki
