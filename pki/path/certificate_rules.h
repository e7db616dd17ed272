// What RFC 5280 section 4 asks of every certificate, whatever its place in a path.
//
// ValidatePath (path_validation.h) asks it of each certificate and of the trust anchor, and the profile of a Paranet
// network (certificate_profile.h) begins with it. In the order of the checks:
//
//   section    rule                                                                               outcome if not
//   4.1.2.1    version 3                                                                          kBadProfile
//   4.1.1.2    both signature algorithms are ECDSA with SHA-256 [1]                               kBadProfile
//   4.1.2.7    the key is ECDSA P-256, in the one form of p256.h [1]                              kBadProfile
//   4.1.2.2    the serial is positive and has at most 20 octets                                   kBadProfile
//   4.1.2.4    the issuer is not empty                                                            kBadProfile
//   4.1.2.5    times until 2049 are UTCTime, later ones GeneralizedTime                           kBadProfile
//   4.1.2.6    an authority's subject is not empty; where a subject is, subjectAltName is critical  kBadProfile
//   4.2        no critical extension other than keyUsage, subjectAltName, basicConstraints,
//              nameConstraints, extKeyUsage [2] kUnknownCriticalExt...
//   4.2.1.1    authorityKeyIdentifier is there unless the certificate has signed itself, is not critical and is a
//              keyIdentifier alone [3]; of a certificate issued by itself it is its own           kBadProfile
//   4.2.1.2    subjectKeyIdentifier is not critical; an authority has it                          kBadProfile
//   4.2.1.3    keyCertSign is only with cA, and cA, if there is keyUsage, with keyCertSign [4]    kBadProfile
//   4.2.1.6    DNS names are host names (host_name.h), the first label perhaps `*`                kBadProfile
//   4.2.1.9    an authority's basicConstraints are critical                                       kBadProfile
//   4.2.1.10   nameConstraints are critical and an authority's                                    kBadProfile
//   4.2.1.11   policyConstraints are critical (and so refused, see [2]); so inhibitAnyPolicy (4.2.1.14)  kBadProfile
//   4.2.2.1    authorityInfoAccess is not critical, and is well-formed                            kBadProfile
//
// That an extension comes once and can be decoded, that times are times, and DER itself: see Certificate::FromDer.
// Deviations: [1] RFC 5280 leaves algorithms to others (RFC 3279, 5758): here there is one. [2] certificate policies in
// critical form are not processed; section 6.1 with any-policy needs the rest of them for nothing. [3] the form with
// authorityCertIssuer and serial number is refused. [4] RFC 5280 forbids the first only.
#ifndef PARANET_PKI_PATH_CERTIFICATE_RULES_H_
#define PARANET_PKI_PATH_CERTIFICATE_RULES_H_

#include <optional>

#include "pki/certificate.h"
#include "pki/verify_outcome.h"

namespace paranet::pki {

// The first rule of the table that `certificate` breaks.
std::optional<ProfileViolation> CheckRules(const Certificate& certificate);

// Whether it may certify others: cA, and keyCertSign if it has keyUsage (section 6.1.4 (k), (n)).
[[nodiscard]] bool MayCertify(const Certificate& certificate);

// Whether it is issued by itself or by another certificate of the same subject (section 6.1: self-issued).
[[nodiscard]] bool IsSelfIssued(const Certificate& certificate);

}  // namespace paranet::pki

#endif  // PARANET_PKI_PATH_CERTIFICATE_RULES_H_
