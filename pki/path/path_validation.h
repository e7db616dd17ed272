// Path validation by RFC 5280 section 6.1 for one given path.
//
// For VerifyChain (verify.h), which adds the profile of a Paranet network and is the one function that decides about
// trust; and for conformance tests, which show what this half of it does. From the trust anchor down to the leaf, for
// each certificate; the first check that fails is the outcome:
//
//   6.1.4 (k), (n)    every one but the leaf is an authority: cA, and keyCertSign if it has keyUsage    kNotAnAuthority
//   4                 it follows the rules that it is measured by (PathOptions::rules)                  as they say
//   6.1.3 (a)(4)      its issuer's name is, in DER, the subject of the one above [1], and its authorityKeyIdentifier,
//   if
//                     any, the subjectKeyIdentifier of that                                             kUntrustedRoot
//   6.1.3 (a)(1)      the one above has signed it                                                       kBadSignature
//   6.1.3 (a)(2)      the time is within its validity, both ends and the whole last second included    kNotYetValid,
//                                                                                                       kExpired
//   6.1.3 (a)(3)      it is not on the revocation list of its issuer (6.3.3), which is not from the future (a minute is
//                     forgiven) and has not expired; without a list it is good, unless one is required [2]
//                                                                                      kRevoked, kRevocationUnknown
//   4.2.1.12          of all, the anchor too: extKeyUsage, if there is one, has what is asked for [3]   kWrongRole
//
// and then
//
//   6.1.4 (l), (m)    the pathLenConstraint of each authority, the anchor too, allows the authorities below it, not
//                     counting self-issued ones; and there are no more than `max_authorities`          kPathTooLong
//   6.1.3 (b), (c)    the names of each certificate, unless it is self-issued and not the leaf, are within the
//                     nameConstraints of all above it (name_constraints.h), the anchor too       kNameNotPermitted
//   4.2.1.3           the leaf's keyUsage, if there is one, has what is asked for                       kWrongRole
//
// The trust anchor is a certificate and has to be as good as any other (RFC 5937), but for its signature.
//
// Deviations: [1] names are not prepared by section 7.1; whoever issues certificates copies its own subject. [2] a
// revoked certificate stays revoked after its list has expired; no list of another issuer is ever used. [3] an
// authority's extKeyUsage limits what is below it, of which RFC 5280 says nothing; anyExtendedKeyUsage does not stand
// for others. Certificate policies (6.1.2 (a) to (f), 6.1.3 (d) to (f)) are not processed: the initial policy set is
// any-policy, and a certificate with critical extensions about policies is refused. Deviations of rules and names: see
// there.
#ifndef PARANET_PKI_PATH_PATH_VALIDATION_H_
#define PARANET_PKI_PATH_PATH_VALIDATION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "pki/certificate.h"
#include "pki/path/certificate_rules.h"
#include "pki/revocation_lists.h"
#include "pki/verify_outcome.h"

namespace paranet::pki {

struct PathOptions {
  absl::Time time;
  // Between the anchor and the leaf.
  size_t max_authorities = 8;
  // Whether authorities that are self-issued are exempt from path lengths and name constraints, as section 6.1 has it.
  // If not, they are like all others: for networks whose authorities share a name.
  bool exempt_self_issued = true;
  // As Certificate names them; empty: anything will do.
  std::vector<std::string> key_usages;
  std::vector<std::string> extended_key_usages;
  // Outlives the call. None given: no list is known.
  const RevocationLists* revocations = nullptr;
  bool require_revocation_list = false;
  // What every certificate is measured by.
  std::optional<ProfileViolation> (*rules)(const Certificate&) = CheckRules;
};

struct PathResult {
  VerifyOutcome outcome = VerifyOutcome::kOk;
  // The certificate to blame: its place in the path, or the path's size for the anchor. 0 if kOk.
  size_t index = 0;
  // One sentence. Empty if kOk.
  std::string diagnostic;

  bool ok() const { return outcome == VerifyOutcome::kOk; }
};

// Whether the first certificate has been signed by the second.
using SignatureCheck = absl::FunctionRef<bool(const Certificate& certificate, const Certificate& issuer)>;

// `path` begins with the leaf; each certificate is followed by its issuer, the last one's is `anchor`. At least one.
// One signature check for each; a bounded number of comparisons of names with constraints, above which the outcome is
// kNameNotPermitted.
[[nodiscard]] PathResult ValidatePath(absl::Span<const Certificate> path, const Certificate& anchor,
                                      const PathOptions& options, SignatureCheck is_signed_by);
// With Certificate::IsSignedBy.
[[nodiscard]] PathResult ValidatePath(absl::Span<const Certificate> path, const Certificate& anchor,
                                      const PathOptions& options);

}  // namespace paranet::pki

#endif  // PARANET_PKI_PATH_PATH_VALIDATION_H_
