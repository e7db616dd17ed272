// An identity on disk: DIR/key.pem (0600), DIR/chain.pem (leaf first, then the issuing authority), DIR/roots.pem.
//
// Nodes, operators and publishers all have the same files.
#ifndef PARANET_PKI_IDENTITY_FOLDER_H_
#define PARANET_PKI_IDENTITY_FOLDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/private_key.h"
#include "pki/trust_store.h"

namespace paranet::pki {

struct IdentityFolder {
  Identity identity;
  PrivateKey key;
  CertificateChain chain;
  std::shared_ptr<const TrustStore> trust;
};

// What is in DIR, as it is: nothing is checked but that each file is what it should be. Errors as below but for
// PERMISSION_DENIED.
struct IdentityFiles {
  PrivateKey key;
  CertificateChain chain;
  std::shared_ptr<const TrustStore> trust;
};
absl::StatusOr<IdentityFiles> ReadIdentityFiles(const std::string& dir);

// Writes the three files (0600) to DIR, which is there; INVALID_ARGUMENT if the key is not the leaf's.
absl::Status WriteIdentityFiles(const std::string& dir, const PrivateKey& key, const CertificateChain& chain,
                                const TrustStore& trust);

// Reads DIR and checks that key, chain and roots belong together and that the chain verifies at `now` for one of
// `roles` (verify.h). NOT_FOUND if there is no DIR or a file is missing; INVALID_ARGUMENT if a file is not what it
// should be, if others than its owner have a right to key.pem, or if the key is not the leaf's; PERMISSION_DENIED, with
// the outcome's name and what to do, if the chain does not verify.
absl::StatusOr<IdentityFolder> LoadIdentityFolder(const std::string& dir, const std::vector<Role>& roles,
                                                  absl::Time now);

// Makes DIR (0700) with the three files (0600), all of it or nothing. ALREADY_EXISTS if there is something other than
// an empty directory; INVALID_ARGUMENT if the key is not the leaf's.
absl::Status WriteIdentityFolder(const std::string& dir, const PrivateKey& key, const CertificateChain& chain,
                                 const TrustStore& trust);

}  // namespace paranet::pki

#endif  // PARANET_PKI_IDENTITY_FOLDER_H_
