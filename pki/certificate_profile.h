// What a certificate of a Paranet network looks like. Both sides use it: the issuer, so that nothing else leaves it,
// and VerifyChain (verify.h), so that nothing else comes in.
//
//                        root                   issuing authority          leaf
//   subject              O=NET, CN=NET Network  O=NET, CN=NET Issuing      O=NET, CN=NAME
//                        Root                   Authority
//   basicConstraints !   cA, pathLen 1          cA, pathLen 0              not cA
//   keyUsage !           keyCertSign, cRLSign   keyCertSign, cRLSign       digitalSignature
//   extKeyUsage          none                   none                       by role, see below
//   subjectAltName       none                   none                       one URI (the identity), DNS names, addresses
//   subjectKeyIdentifier yes                    yes                        yes
//   authorityKeyIdent.   the same               the root's                 the authority's
//
// (`!`: critical; attributes of names are UTF8Strings in the order shown.) For all: what certificate_rules.h asks for
// (version 3, ECDSA P-256 keys, signatures with SHA-256, positive serials of at most 20 octets...), and no unique
// identifiers; an authority may have nameConstraints; further extensions are ignored unless critical. extKeyUsage by
// role: node serverAuth and clientAuth, operator clientAuth, publisher codeSigning, root serverAuth.
#ifndef PARANET_PKI_CERTIFICATE_PROFILE_H_
#define PARANET_PKI_CERTIFICATE_PROFILE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "openssl/x509.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/verify_outcome.h"

namespace paranet::pki {

// So that CN stays within the 64 characters of RFC 5280 appendix A.1.
inline constexpr size_t kMaxNetworkName = 46;
inline constexpr int kRootPathLength = 1;
inline constexpr int kIssuingPathLength = 0;

// The subjects of the table. Null if memory ran out.
bssl::UniquePtr<X509_NAME> RootSubject(absl::string_view network);
bssl::UniquePtr<X509_NAME> IssuingSubject(absl::string_view network);
bssl::UniquePtr<X509_NAME> LeafSubject(const Identity& identity);

// Names as Certificate::extended_key_usages has them.
std::vector<std::string> ExtendedKeyUsagesOf(Role role);

// What all share, CheckRules (certificate_rules.h) first. kBadProfile, kUnknownCriticalExtension.
std::optional<ProfileViolation> CheckCommonProfile(const Certificate& certificate);
// That it is an authority at all: cA and keyCertSign. kNotAnAuthority.
std::optional<ProfileViolation> CheckAuthority(const Certificate& certificate);
// The rest of the columns `root` and `issuing authority`; network receives the O of the subject. kBadProfile.
std::optional<ProfileViolation> CheckRootProfile(const Certificate& certificate, std::string& network);
std::optional<ProfileViolation> CheckIssuingProfile(const Certificate& certificate, std::string& network);
// The column `leaf`; identity receives the URI as soon as it is known. kMissingIdentity, kBadProfile, kWrongRole.
std::optional<ProfileViolation> CheckLeafProfile(const Certificate& certificate, std::optional<Identity>& identity);

}  // namespace paranet::pki

#endif  // PARANET_PKI_CERTIFICATE_PROFILE_H_
