// The one decision whether a certificate is to be trusted.
//
// VerifyChain is path validation by RFC 5280 section 6.1 (path_validation.h: its header comment belongs to this one)
// over the profile of a Paranet network (certificate_profile.h), which is narrower than RFC 5280 wherever RFC 5280
// leaves a choice. It sees the chain as presented; it builds no path, fetches nothing and keeps nothing. The checks, in
// this order; the first that fails is the outcome:
//
//  1. The chain has at least one certificate (kMalformed) and at most `max_depth` (kPathTooLong), none of them twice
//     (kMalformed), and none behind the leaf is a trusted root (kMalformed: the root is left out).
//  2. The issuer of the last certificate is a root of the trust store: same name in DER, and the authorityKeyIdentifier
//     is the root's subjectKeyIdentifier (sections 4.2.1.1, 6.1.1 (d)). Otherwise kUntrustedRoot. Of several such
//     roots, as while a network changes its root, it is the one that has signed.
//  3. ValidatePath from that root. For each certificate, the root included, from there down:
//     a. every one but the leaf is an authority (kNotAnAuthority);
//     b. the rules of RFC 5280 section 4 (certificate_rules.h) and what else the profile asks of all: signature
//        algorithm, key, serial, key identifiers, criticality (kBadProfile), no critical extension that is not
//        processed (kUnknownCriticalExtension);
//     c. it is issued (kUntrustedRoot) and signed (kBadSignature) by the one above;
//     d. `time` is within its validity, both ends included: kNotYetValid, kExpired. Issuers date certificates back by a
//        minute, so that a clock that is a minute off does no harm;
//     e. it is not revoked (kRevoked); the list of its issuer, if one is known, is in force, and there is one if
//        `require_revocation_list` (kRevocationUnknown).
//     Then path lengths (kPathTooLong) and name constraints (kNameNotPermitted, kBadProfile), from which self-issued
//     authorities are not exempt: all issuing authorities of a network have one name.
//  4. Each authority below the root is an issuing authority by the profile (kBadProfile), of the root's network
//     (kWrongNetwork).
//  5. The leaf: exactly one URI in subjectAltName, and it is an Identity (kMissingIdentity); no authority, and by the
//     profile of a leaf in all else, issued by an issuing authority (kBadProfile); its network is the root's
//     (kWrongNetwork); its extended key usages are those of its role, and the role is one of `roles` (4.2.1.12:
//     kWrongRole).
//  6. The constraints under which the root is trusted (TrustConstraints) allow the role (kWrongRole) and the name
//     (kNameNotPermitted).
//  7. With `expected`: the network (kWrongNetwork), the role (kWrongRole) and the name (kWrongName) are the expected.
//
// Deviations from RFC 5280: those of path_validation.h, certificate_rules.h and name_constraints.h; and the profile.
#ifndef PARANET_PKI_VERIFY_H_
#define PARANET_PKI_VERIFY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/revocation_lists.h"
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
  // What has been revoked. Outlives the call. None given: no list is known.
  const RevocationLists* revocations = nullptr;
  // Whether each authority of the path must have a list.
  bool require_revocation_list = false;
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

// Thread-safe; no side effects; bounded by `max_depth` signature checks, as many again of the roots that have the same
// name and key identifier, and the comparisons of names that path_validation.h allows.
[[nodiscard]] VerifyResult VerifyChain(const CertificateChain& chain, const TrustStore& trust,
                                       const VerifyOptions& options);
// The same, for who remembers signatures that were checked: `is_signed_by` answers as Certificate::IsSignedBy would.
[[nodiscard]] VerifyResult VerifyChain(
    const CertificateChain& chain, const TrustStore& trust, const VerifyOptions& options,
    absl::FunctionRef<bool(const Certificate& certificate, const Certificate& issuer)> is_signed_by);

}  // namespace paranet::pki

#endif  // PARANET_PKI_VERIFY_H_
