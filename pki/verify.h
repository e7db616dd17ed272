// The one decision whether a certificate is to be trusted.
//
// VerifyChain is path validation by RFC 5280 section 6.1 over the profile of a Paranet network (certificate_profile.h),
// which is narrower than RFC 5280 wherever RFC 5280 leaves a choice. It sees the chain as presented; it builds no path,
// fetches nothing and keeps nothing. The checks, in this order; the first that fails is the outcome:
//
//  1. The chain has at least one certificate (kMalformed) and at most `max_depth` (kPathTooLong), none of them twice
//     (kMalformed), and none behind the leaf is a trusted root (kMalformed: the root is left out).
//  2. The issuer of the last certificate is a root of the trust store: same name in DER, and the authorityKeyIdentifier
//     is the root's subjectKeyIdentifier (sections 4.2.1.1, 6.1.1 (d)). Otherwise kUntrustedRoot.
//  3. From the root down to the leaf, for each certificate:
//     a. the profile that all share (CheckCommonProfile): version 3, ECDSA P-256 with SHA-256 for signature and key,
//        positive serial of at most 20 octets, no unique identifiers, key identifiers (kBadProfile); no critical
//        extension that is not processed here (sections 4.2, 6.1.4 (o), 6.1.5 (f): kUnknownCriticalExtension).
//     b. its issuer's name and key identifier are those of the one above (6.1.3 (a)(4): kUntrustedRoot), whose key has
//        signed it (6.1.3 (a)(1): kBadSignature).
//     c. `time` is within its validity, both ends included (6.1.3 (a)(2)): kNotYetValid, kExpired. So is the root's.
//     d. every one but the leaf is an authority: basicConstraints with cA, keyUsage with keyCertSign (6.1.4 (k), (n):
//        kNotAnAuthority).
//  4. From the root down, each authority's pathLenConstraint allows the authorities below it (6.1.4 (l), (m):
//     kPathTooLong). Then each below the root is an issuing authority by the profile (kBadProfile), of the root's
//     network (kWrongNetwork).
//  5. The leaf: exactly one URI in subjectAltName, and it is an Identity (kMissingIdentity); no authority, and by the
//     profile of a leaf in all else, issued by an issuing authority (kBadProfile); its network is the root's
//     (kWrongNetwork); its extended key usages are those of its role, and the role is one of `roles` (4.2.1.12:
//     kWrongRole).
//  6. With `expected`: the network (kWrongNetwork), the role (kWrongRole) and the name (kWrongName) are the expected.
//
// What RFC 5280 has and this has not: certificate policies and name constraints (an authority with critical ones is
// refused by 3a; the network of every leaf is bound to its root by 5), and revocation lists.
#ifndef PARANET_PKI_VERIFY_H_
#define PARANET_PKI_VERIFY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/trust_store.h"
#include "pki/verify_outcome.h"

namespace paranet::pki {

struct VerifyOptions {
  absl::Time time;
  // The roles that will do. None given: none will.
  std::vector<Role> roles;
  // If given, exactly this one.
  std::optional<Identity> expected;
  // Certificates without the root.
  size_t max_depth = 4;
};

struct VerifyResult {
  VerifyOutcome outcome = VerifyOutcome::kMalformed;
  // The certificate to blame: its place in the chain, or the chain's size for the root. 0 if kOk.
  size_t index = 0;
  // What the leaf says it is: proven if kOk, else merely claimed (and absent if it does not say).
  std::optional<Identity> identity;
  // One sentence: what is wrong, and what to do about it. Empty if kOk.
  std::string diagnostic;

  bool ok() const { return outcome == VerifyOutcome::kOk; }
  // OK, or PERMISSION_DENIED: `certificate of paranet://acme/node/beta refused (EXPIRED): ...`.
  absl::Status ToStatus() const;
};

// Thread-safe; no side effects; bounded by `max_depth` signature checks and as many again of the roots that have the
// same name and key identifier.
[[nodiscard]] VerifyResult VerifyChain(const CertificateChain& chain, const TrustStore& trust,
                                       const VerifyOptions& options);

}  // namespace paranet::pki

#endif  // PARANET_PKI_VERIFY_H_
