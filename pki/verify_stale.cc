#include "pki/verify_stale.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pki/revocation_list.h"
#include "pki/revocation_lists.h"

namespace paranet::pki {

VerifyResult VerifyChainByStaleLists(const CertificateChain& chain, const TrustStore& trust,
                                     const VerifyOptions& options) {
  VerifyResult result = VerifyChain(chain, trust, options);
  if (result.outcome != VerifyOutcome::kRevocationUnknown || options.revocations == nullptr) return result;
  VerifyOptions without = options;
  without.revocations = nullptr;
  result = VerifyChain(chain, trust, without);
  if (!result.ok()) return result;
  for (size_t i = 0; i < chain.size(); ++i) {
    const RevocationList* const list = options.revocations->Of(chain[i].issuer_der(), chain[i].authority_key_id());
    const RevokedSerial* const revoked = list == nullptr ? nullptr : list->Find(chain[i].serial());
    if (revoked == nullptr) continue;
    result.outcome = VerifyOutcome::kRevoked;
    result.index = i;
    result.diagnostic = absl::StrCat("certificate \"", chain[i].subject(), "\" was revoked at ",
                                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", revoked->revoked_at, absl::UTCTimeZone()),
                                     "; have a new one issued by the Network Root");
    return result;
  }
  return result;
}

}  // namespace paranet::pki
