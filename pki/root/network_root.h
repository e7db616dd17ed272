// The certification authority of a network, in a directory.
//
//   DIR/            0700
//     root.pem         the root certificate; what everybody trusts
//     root.key.pem     its key, encrypted if a passphrase was given (PKCS#8); may be kept elsewhere, for it is needed
//     for
//                      new issuing authorities and for revoking one, and for nothing else
//     issuing.pem      the issuing authority's certificate
//     issuing.key.pem  its key, which signs leaves and revocation lists
//     root-2.pem ...   the same of later generations: a rotation makes a root and an issuing authority, a renewal of
//                      the issuing authority only that; which one is active, the ledger says
//     ledger.db        certificates, tokens, revocations, and the audit trail of all that was ever done
//     ledger.mark      how far the ledger had come, so that an older copy in its place is found out
//     lock             held while keys are made or removed, and during a backup
#ifndef PARANET_PKI_ROOT_NETWORK_ROOT_H_
#define PARANET_PKI_ROOT_NETWORK_ROOT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/clock.h"
#include "paranet/v1/pki.pb.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"
#include "pki/join_token.h"
#include "pki/private_key.h"
#include "pki/revocation_list.h"
#include "pki/root/audit_trail.h"
#include "pki/root/certificate_book.h"
#include "pki/root/leaf_issuer.h"
#include "pki/root/root_key.h"
#include "pki/root/root_lives.h"
#include "pki/root/rotation.h"
#include "pki/root/token_book.h"
#include "pki/secret_string.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// Name of the enrolment service in its identity, `paranet://NETWORK/root/enrolment`.
inline constexpr char kEnrolmentServiceName[] = "enrolment";

// Thread-safe; several processes may have the same directory open, and each sees what the others have done.
//
// Everything that changes something says who did it (`actor`: `operator:anna`, an identity; free text for the audit
// trail) and is on disk when it returns OK. Concurrent calls of Issue, Enroll and Renew share one transaction and one
// fsync. Whatever changes the TrustBundle gives it a higher revision. Numbers of revocation lists and revisions never
// go back, not even when an old backup is restored: they follow the clock where that is ahead of them.
class NetworkRoot {
 public:
  struct CreateOptions {
    // For the root key: it is then encrypted. Not empty.
    std::optional<SecretString> passphrase;
  };
  // Makes a new Network Root, all of it or nothing. ALREADY_EXISTS if DIR is there and not empty: a root is never
  // overwritten. `clock` outlives the object.
  static absl::StatusOr<std::unique_ptr<NetworkRoot>> Create(const std::string& dir, const std::string& network,
                                                             const CreateOptions& options, const Clock* clock);
  // Without a passphrase.
  static absl::StatusOr<std::unique_ptr<NetworkRoot>> Create(const std::string& dir, const std::string& network,
                                                             const Clock* clock);

  // Needs no root key. NOT_FOUND if there is no Network Root; DATA_LOSS, saying what to do, if the ledger is missing,
  // damaged, altered (the audit trail does not add up), older than it was, or belongs to another root, or if
  // certificates and keys do not belong together; INVALID_ARGUMENT if others than the owner have any right to DIR or to
  // a key in it.
  static absl::StatusOr<std::unique_ptr<NetworkRoot>> Open(const std::string& dir, const Clock* clock);
  ~NetworkRoot();

  const std::string& network() const;
  const std::string& dir() const;
  // Of the moment: the root and the authority with which certificates are issued, and all roots that are trusted.
  Certificate root_certificate() const;
  Certificate issuing_certificate() const;
  std::shared_ptr<const TrustStore> trust() const;

  // --- certificates -------------------------------------------------------------------------------

  // When the certificate is valid: from `not_before` (absent: now - kBackdate) to `not_after` (absent: now + kLeafLife,
  // or the end of the issuing authority's if that is earlier).
  struct Validity {
    std::optional<absl::Time> not_before;
    std::optional<absl::Time> not_after;
  };

  // The leaf and the issuing authority. The certificate is in the ledger, on disk, when this returns; if it could not
  // be written there is no certificate. PERMISSION_DENIED if the request is for another network or for role root;
  // INVALID_ARGUMENT if the validity is none or ends after the issuing authority's; FAILED_PRECONDITION if the issuing
  // authority has expired.
  absl::StatusOr<CertificateChain> Issue(const CertificateRequest& request, const Validity& validity,
                                         const std::string& actor = "local");
  absl::StatusOr<CertificateChain> Issue(const CertificateRequest& request);

  // The same with a key made here and now; any role.
  struct IssuedKey {
    PrivateKey key;
    CertificateChain chain;
  };
  absl::StatusOr<IssuedKey> IssueWithNewKey(const LeafNames& names, const Validity& validity,
                                            const std::string& actor = "local");
  // The TLS certificate of the enrolment service; as long-lived as a leaf is by default. It is below the active root:
  // make a new one at half of its life, and when the active root changes.
  absl::StatusOr<IssuedKey> IssueServiceIdentity(const std::vector<std::string>& dns_names,
                                                 const std::vector<std::string>& ip_addresses);

  using Entry = CertificateEntry;
  // In the order of issue.
  absl::StatusOr<std::vector<Entry>> List() const;
  // Those that `target` names: a serial, a fingerprint, an identity URI, or `ROLE/NAME`. NOT_FOUND if there are none;
  // INVALID_ARGUMENT if it is nothing of the kind.
  absl::StatusOr<std::vector<Entry>> Find(const std::string& target) const;
  // NOT_FOUND.
  absl::StatusOr<Certificate> CertificateWithSerial(const std::string& serial) const;

  // --- join tokens --------------------------------------------------------------------------------

  struct TokenRequest {
    // Name of the one node that may use it.
    std::string node;
    // HOST:PORT of the enrolment service, as that node reaches it.
    std::string endpoint;
    absl::Duration life = absl::Hours(24);
  };
  // INVALID_ARGUMENT as JoinToken::Create, or for a life that is none or of more than a year. It is the only time that
  // the token is seen: what is kept is a hash of its secret.
  absl::StatusOr<JoinToken> CreateToken(const TokenRequest& request, const std::string& actor);

  using TokenEntry = JoinTokenEntry;
  // In the order of making.
  absl::StatusOr<std::vector<TokenEntry>> ListTokens() const;
  // `id`: TokenEntry::id. NOT_FOUND; FAILED_PRECONDITION, saying when, if it has been used; ALREADY_EXISTS if it is
  // revoked.
  absl::Status RevokeToken(const std::string& id, const std::string& actor);

  using Issued = IssuedLeaf;
  // Uses the token up and records the certificate, both or neither; of several at a time exactly one wins. The
  // certificate is valid for `life`, or until the issuing authority's end. PERMISSION_DENIED, each with its own
  // sentence: a token of another network, of a root that is not trusted here, unknown, altered, used (when, and the
  // serial), revoked, expired; a request that is for another identity than the token's node. What Issue refuses is
  // refused as there; a refusal leaves the token as it was.
  absl::StatusOr<Issued> Enroll(const JoinToken& token, const CertificateRequest& request,
                                absl::Duration life = kLeafLife);

  // `peer`: the leaf with which the caller has proven who it is (VerifyChain has accepted it). PERMISSION_DENIED, each
  // with its own sentence: not in the ledger, revoked, expired (come back with a token), not a node's; other names than
  // those of `peer`. INVALID_ARGUMENT if the request's key has been certified before: a renewal needs a fresh one.
  absl::StatusOr<Issued> Renew(const Certificate& peer, const CertificateRequest& request,
                               absl::Duration life = kLeafLife);

  // What Enroll (with a token) or Renew (with a peer) is asked for. These outlive the call.
  struct Application {
    const CertificateRequest* request = nullptr;
    const JoinToken* token = nullptr;
    const Certificate* peer = nullptr;
    absl::Duration life = kLeafLife;
  };
  // Enroll or Renew for each, as if one after the other, with one transaction for all; what became of each.
  std::vector<absl::StatusOr<Issued>> IssueAll(absl::Span<const Application> applications);

  // --- what nodes have to know --------------------------------------------------------------------

  // Roots, issuing authorities, newest revocation lists, active root, revision.
  absl::StatusOr<v1::TrustBundle> Bundle() const;
  // The node acts by the bundle of that revision. An older revision than was acknowledged before changes nothing.
  absl::Status Acknowledge(const Identity& node, uint64_t revision);
  // The same from the holder of `peer`, which is thereby known to be in use: earlier certificates of the same identity
  // no longer stand in the way of RetireRotation. Prefer this one where the certificate is at hand. PERMISSION_DENIED
  // if `peer` is not in the ledger.
  absl::Status Acknowledge(const Certificate& peer, uint64_t revision);
  // Grows whenever anybody, also another process, has changed something (not only the bundle: compare its revision).
  // Cheap enough to be asked several times a second.
  absl::StatusOr<uint64_t> ChangeCounter() const;

  // --- revocation ---------------------------------------------------------------------------------

  // Revokes all unexpired, unrevoked certificates that `target` names (see Find), and signs the lists of their
  // authorities. Returns what was revoked. NOT_FOUND as Find; FAILED_PRECONDITION if all of them have expired or are
  // revoked already (saying when), or if one is the active issuing authority (renew that first) or a root (rotate).
  // An issuing authority is revoked by the root key: `root_key` says where that is; leaves need none.
  absl::StatusOr<std::vector<Entry>> Revoke(const std::string& target, RevocationReason reason,
                                            const std::string& actor, const RootKey& root_key = RootKey());
  // The newest of each authority that has one.
  absl::StatusOr<std::vector<RevocationList>> RevocationLists() const;
  // Signs a list, valid for `life`, for each issuing authority in use that has none, whose list has less than half of
  // its life left, or, with `force`, for all. Certificates that have expired leave the list, though never before they
  // were on one that is younger than their end (RFC 5280 section 3.3).
  absl::Status RefreshRevocationLists(absl::Duration life, bool force, const std::string& actor);

  // --- rotation -----------------------------------------------------------------------------------

  // A new root and an issuing authority below it, both trusted from now on and not yet used. The new root key goes into
  // DIR, encrypted if there is a passphrase. FAILED_PRECONDITION if a rotation is under way.
  absl::Status PrepareRotation(const std::optional<SecretString>& passphrase, const std::string& actor);
  // From now on the new authority issues. FAILED_PRECONDITION, with the list of those that are not ready, unless each
  // identity with a certificate in force has acknowledged the bundle with the new root, or got it with a certificate.
  absl::Status ActivateRotation(const std::string& actor);
  // The old root and its authorities are no longer trusted; their keys are removed from DIR. FAILED_PRECONDITION, with
  // the list, while a certificate below the old root is in force that its holder has not replaced (see Acknowledge).
  absl::Status RetireRotation(const std::string& actor);
  absl::StatusOr<RotationStatus> GetRotationStatus() const;

  // A new issuing authority below the active root, before the present one expires. Certificates below the old one stay
  // valid. FAILED_PRECONDITION or PERMISSION_DENIED if the root key is not there, or the passphrase not the right one.
  absl::Status RenewIssuingAuthority(const RootKey& root_key, const std::string& actor);

  // --- the rest -----------------------------------------------------------------------------------

  // Everything that is in DIR, as of one moment while others go on, in one file (0600); root keys as they are, the
  // issuing authorities' encrypted with `passphrase` if there is one. ALREADY_EXISTS if `path` is there.
  absl::Status Backup(const std::string& path, const std::optional<SecretString>& passphrase,
                      const std::string& actor) const;
  // Makes DIR from a backup and opens it. Signs new revocation lists, whose numbers and whose bundle's revision are
  // higher than whatever was handed out after the backup was made; certificates issued and revocations made since then
  // are not known to it. ALREADY_EXISTS if DIR is there and not empty; DATA_LOSS if the file is damaged or no backup;
  // FAILED_PRECONDITION if it needs a passphrase, PERMISSION_DENIED if that is not the right one.
  static absl::StatusOr<std::unique_ptr<NetworkRoot>> Restore(const std::string& path, const std::string& dir,
                                                              const std::optional<SecretString>& passphrase,
                                                              const std::string& actor, const Clock* clock);

  // At most `limit` events with numbers above `after`, oldest first.
  absl::StatusOr<std::vector<AuditEvent>> Audit(uint64_t after, size_t limit) const;

 private:
  NetworkRoot(std::unique_ptr<RootState> state, const Clock* clock);

  const std::unique_ptr<RootState> state_;
  const Clock* const clock_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_NETWORK_ROOT_H_
