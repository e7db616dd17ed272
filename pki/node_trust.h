// What a Standard Node holds and believes while it runs: its own key and certificate, the roots it trusts, the
// revocation lists it goes by. Each is replaced as a whole, on disk first and then for everybody who asks; nothing
// restarts.
//
//   DIR/                    0700; DATA_DIR/identity
//     key.pem chain.pem roots.pem     as in identity_folder.h; replaced together by an exchange of directories
//     trust.db                        revocation lists, further roots with constraints, endpoint, revision (SQLite)
//
// Every change writes a whole new directory and exchanges the two.
#ifndef PARANET_PKI_NODE_TRUST_H_
#define PARANET_PKI_NODE_TRUST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/security/auth_context.h"
#include "paranet/v1/pki.pb.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/node_identity.h"
#include "pki/private_key.h"
#include "pki/revocation_list.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// One moment's state. Immutable.
struct TrustState {
  // Key, chain, and the network's own roots with the further ones.
  std::shared_ptr<const NodeIdentity> identity;
  std::shared_ptr<const RevocationLists> revocations;
  // Of the bundle from the Network Root; 0 if there never was one.
  uint64_t bundle_revision = 0;
  // Where the Network Root's enrolment service is; empty if the node was set up by files.
  std::string endpoint;
};

// The party at the other end of a connection.
struct Peer {
  Identity identity;
  // As Certificate has them.
  std::string serial;
  std::string issuer_der;
  std::string authority_key_id;
  absl::Time not_after;
  // As presented, leaf first.
  CertificateChain chain;
  // What CheckPeer remembers it by: differs if the chain does. Empty: not at all.
  std::string chain_id;
};

// Thread-safe. Held by shared_ptr by those who run nodes: credentials (grpc_credentials.h) hold it too.
class NodeTrust {
 public:
  struct Options {
    std::string dir;
    // Outlives the object.
    const Clock* clock = nullptr;
    Logger logger;
  };
  // A revocation list that has expired does not keep a node from starting. Errors are NodeIdentity::Load's (an expired
  // certificate: PERMISSION_DENIED that tells how to come back), and DATA_LOSS for a damaged trust.db.
  static absl::StatusOr<std::unique_ptr<NodeTrust>> Open(Options options);
  // Makes DIR with `identity`, or exchanges what is there for it (lists and further roots are kept where the network is
  // the same), then Open. `bundle`, if it has roots, is adopted in the same step; its revision may be any. Errors are
  // Open's and AdoptBundle's; after one, DIR is as before. At every moment DIR is whole.
  static absl::StatusOr<std::unique_ptr<NodeTrust>> Install(Options options, const NodeIdentity& identity,
                                                            const std::string& endpoint,
                                                            const v1::TrustBundle& bundle = v1::TrustBundle());
  virtual ~NodeTrust() = default;

  virtual std::shared_ptr<const TrustState> state() const = 0;
  // The same for everyone and for good.
  virtual const Identity& self() const = 0;

  // A renewed certificate. `key` and `chain` must verify for this node's identity now. On disk when it returns OK;
  // otherwise nothing has changed.
  virtual absl::Status ReplaceCertificate(const PrivateKey& key, const CertificateChain& chain) = 0;
  // The node has been enrolled again: key, chain and the network's own roots together, else as Install.
  // FAILED_PRECONDITION if `identity` is not self().
  virtual absl::Status Reinstall(const NodeIdentity& identity, const std::string& endpoint,
                                 const v1::TrustBundle& bundle) = 0;
  // What the Network Root says (over a connection that has proven to be its): roots of this network and lists.
  // INVALID_ARGUMENT or PERMISSION_DENIED, and nothing changes, if a part of it is not sound, if the node's own
  // certificate is below none of the roots, or if the revision is lower than the present one.
  virtual absl::Status AdoptBundle(const v1::TrustBundle& bundle) = 0;
  // RevocationLists::With's errors; ALREADY_EXISTS for one that is there already. Lists of a root that is removed are
  // kept out of sight, so that none can come back older.
  virtual absl::Status AdoptRevocationList(const RevocationList& list) = 0;
  // A root of another network. INVALID_ARGUMENT for one of this network or none at all; ALREADY_EXISTS.
  virtual absl::Status AddRoot(const Certificate& root, const TrustConstraints& constraints) = 0;
  // NOT_FOUND if no further root has this fingerprint (SHA-256, hexadecimal).
  virtual absl::Status RemoveRoot(const std::string& fingerprint) = 0;

  // Runs after each change with the state that has come into force, one change at a time, on the thread that made it.
  // It may call state() and nothing else of this object. Unsubscribe waits for a run under way.
  using Subscriber = std::function<void(const std::shared_ptr<const TrustState>&)>;
  virtual uint64_t Subscribe(Subscriber subscriber) = 0;
  virtual void Unsubscribe(uint64_t id) = 0;

  // Who is at the other end of a call's connection, if it is still to be trusted: checked anew at each call against
  // expiry and revocation. Cheap: what a certificate says is remembered by the bytes of the certificate.
  // UNAUTHENTICATED for a connection without mutual TLS; PERMISSION_DENIED (`... refused (REVOKED): ...`) for a
  // certificate that is no longer good.
  virtual absl::StatusOr<std::shared_ptr<const Peer>> Authenticate(const grpc::AuthContext& auth_context) = 0;
  // OK while `peer` is still to be trusted.
  virtual absl::Status CheckPeer(const Peer& peer) = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_NODE_TRUST_H_
