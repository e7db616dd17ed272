// VerifyChain for the two cases in which a revocation list that has expired must not stand in the way of getting a
// newer one: a node's own certificate, and the Network Root's that the newer one comes from.
#ifndef PARANET_PKI_VERIFY_STALE_H_
#define PARANET_PKI_VERIFY_STALE_H_

#include "pki/certificate.h"
#include "pki/trust_store.h"
#include "pki/verify.h"

namespace paranet::pki {

// As VerifyChain, but a list that has expired goes on to count: what is on it is revoked, and what is not is good.
// Without `require_revocation_list`.
[[nodiscard]] VerifyResult VerifyChainByStaleLists(const CertificateChain& chain, const TrustStore& trust,
                                                   const VerifyOptions& options);

}  // namespace paranet::pki

#endif  // PARANET_PKI_VERIFY_STALE_H_
