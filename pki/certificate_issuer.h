// Makes certificates by the profile (certificate_profile.h), and no others: what comes out has been checked against it.
//
// Serials are 127 random bits behind a first bit that is set, so that all are positive, of 17 octets in DER and unique
// for all practical purposes (RFC 5280 section 4.1.2.2). Validities are cut to whole seconds.
#ifndef PARANET_PKI_CERTIFICATE_ISSUER_H_
#define PARANET_PKI_CERTIFICATE_ISSUER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/private_key.h"

namespace paranet::pki {

struct CertificateValidity {
  absl::Time not_before;
  absl::Time not_after;
};

// All three: INVALID_ARGUMENT if a name or key is not by the profile, if `validity` ends before it begins or is outside
// the years 1950 to 9999, if it ends after the issuer's, or if the issuer's key is not the one in its certificate.

// Signed by its own key.
absl::StatusOr<Certificate> IssueRoot(absl::string_view network, const PrivateKey& key,
                                      const CertificateValidity& validity);

// `public_key`: DER SubjectPublicKeyInfo of the new authority.
absl::StatusOr<Certificate> IssueAuthority(absl::string_view public_key, const Certificate& root,
                                           const PrivateKey& root_key, const CertificateValidity& validity);

// `names.identity.network` must be the authority's.
absl::StatusOr<Certificate> IssueLeaf(const LeafNames& names, absl::string_view public_key,
                                      const Certificate& authority, const PrivateKey& authority_key,
                                      const CertificateValidity& validity);

}  // namespace paranet::pki

#endif  // PARANET_PKI_CERTIFICATE_ISSUER_H_
