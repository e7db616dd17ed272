// What a Standard Node holds: its key, its Otonoma Certificate with the issuing authority's, and the roots it trusts.
#ifndef PARANET_PKI_NODE_IDENTITY_H_
#define PARANET_PKI_NODE_IDENTITY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/private_key.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// Immutable.
class NodeIdentity {
 public:
  // Reads DIR/key.pem (0600), DIR/chain.pem (leaf first, then the issuing authority) and DIR/roots.pem, checks that
  // they belong together and that the chain verifies at `now` for role node. NOT_FOUND if there is no DIR;
  // PERMISSION_DENIED, with the outcome's name and what to do, if the chain does not verify (expired, not yet valid,
  // wrong role, other network).
  static absl::StatusOr<std::unique_ptr<NodeIdentity>> Load(const std::string& dir, absl::Time now);

  // The same of what is in memory; INVALID_ARGUMENT if the key is not the leaf's.
  static absl::StatusOr<std::unique_ptr<NodeIdentity>> Create(PrivateKey key, CertificateChain chain,
                                                              std::shared_ptr<const TrustStore> trust, absl::Time now);
  // Of parts that the caller has checked; that the chain is not valid any more does not matter.
  static std::unique_ptr<NodeIdentity> Of(Identity identity, PrivateKey key, CertificateChain chain,
                                          std::shared_ptr<const TrustStore> trust);

  const Identity& identity() const { return identity_; }
  const PrivateKey& key() const { return key_; }
  const CertificateChain& chain() const { return chain_; }
  const std::shared_ptr<const TrustStore>& trust() const { return trust_; }

 private:
  NodeIdentity(Identity identity, PrivateKey key, CertificateChain chain, std::shared_ptr<const TrustStore> trust)
      : identity_(std::move(identity)), key_(std::move(key)), chain_(std::move(chain)), trust_(std::move(trust)) {}

  Identity identity_;
  PrivateKey key_;
  CertificateChain chain_;
  std::shared_ptr<const TrustStore> trust_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_NODE_IDENTITY_H_
