// Who answers for a package.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_SIGNATURE_H_
#define PARANET_CORE_PACKAGE_PACKAGE_SIGNATURE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/package/package.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/private_key.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"

namespace paranet {

// Signs `package.manifest_bytes`, which has the SHA-256 of every file, and so the whole package; replaces a signature
// that it has. `chain` is the publisher's certificate, then the issuing authority's. INVALID_ARGUMENT if the
// certificate is not `key`'s, or not a publisher's.
absl::Status SignPackage(Package* package, const pki::PrivateKey& key, const pki::CertificateChain& chain);

// The publisher of a package that ParseArchive or BuildPackage made: its signature is by the key of a publisher's
// certificate that verifies (VerifyChain) at `now` by `trust`. PERMISSION_DENIED, in a sentence that says why and what
// to do: unsigned, altered since it was signed, signed by another role, certificate of another network, expired or not
// yet valid, or otherwise refused.
// `revocations`: those known, if any; a publisher's certificate may have been revoked.
absl::StatusOr<pki::Identity> VerifyPackageSignature(const Package& package, const pki::TrustStore& trust,
                                                     absl::Time now, const pki::RevocationLists* revocations = nullptr);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_SIGNATURE_H_
