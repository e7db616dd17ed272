#include "pki/node_trust.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status.h"
#include "grpc/grpc_security_constants.h"
#include "pki/peer_cache.h"
#include "pki/trust_record.h"
#include "pki/verify.h"
#include "pki/verify_stale.h"

namespace paranet::pki {
namespace {

// As gRPC calls the transport that its TLS credentials make, and no other.
constexpr absl::string_view kTransport = "tls";
// Certificates of peers that are remembered.
constexpr size_t kMaxPeers = 4096;
// Issuing authorities of peers that are remembered to check lists by.
constexpr size_t kMaxAuthorities = 64;
// Live connections below a root that a bundle has retired go on for so long: links are made anew meanwhile.
constexpr absl::Duration kRetirement = absl::Seconds(3);

absl::string_view View(grpc::string_ref text) { return absl::string_view(text.data(), text.size()); }

// The one value of a property; empty if there is none or more than one.
absl::string_view Property(const grpc::AuthContext& context, const char* name) {
  const std::vector<grpc::string_ref> values = context.FindPropertyValues(name);
  return values.size() == 1 ? View(values.front()) : absl::string_view();
}

void AddOnce(std::vector<Certificate>& certificates, const Certificate& certificate) {
  if (!absl::c_linear_search(certificates, certificate)) certificates.push_back(certificate);
}

// What comes into force with `record`. A list of an authority that is not trusted is left out.
absl::StatusOr<std::shared_ptr<const TrustState>> MakeState(const Identity& self, const TrustRecord& record) {
  std::vector<TrustStore::Root> roots;
  for (const Certificate& root : record.roots) roots.push_back({root, "", {}});
  for (const TrustStore::Root& root : record.further) roots.push_back(root);
  auto state = std::make_shared<TrustState>();
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustStore> trust, TrustStore::Create(std::move(roots)));
  state->identity = NodeIdentity::Of(self, record.key, record.chain, trust);
  state->revocations = RevocationLists::Empty();
  const std::vector<Certificate> authorities = AuthoritiesOf(record);
  for (const RevocationList& list : record.lists) {
    // It was in time when it was adopted. What it revokes stays revoked.
    auto with = state->revocations->With(list, *trust, authorities, list.this_update());
    if (with.ok()) state->revocations = *std::move(with);
  }
  state->bundle_revision = record.revision;
  state->endpoint = record.endpoint;
  return std::shared_ptr<const TrustState>(std::move(state));
}

// Of the node's own certificate.
VerifyResult VerifyOwn(const Identity& self, const TrustState& state, absl::Time now) {
  return VerifyChainByStaleLists(
      state.identity->chain(), *state.identity->trust(),
      {.time = now, .roles = {Role::kNode}, .expected = self, .revocations = state.revocations.get()});
}

absl::Status CheckOwn(const Identity& self, const TrustState& state, absl::Time now) {
  const VerifyResult result = VerifyOwn(self, state, now);
  if (result.ok()) return absl::OkStatus();
  std::string help;
  if (result.outcome == VerifyOutcome::kExpired || result.outcome == VerifyOutcome::kRevoked) {
    help = absl::StrCat("; `paranet node enroll --name ", self.name,
                        " --token TOKEN`, with a new join token of network ", self.network, ", brings the node back");
  }
  return absl::PermissionDeniedError(absl::StrCat(result.ToStatus().message(), help));
}

absl::StatusOr<std::vector<Certificate>> ParseCertificates(const google::protobuf::RepeatedPtrField<std::string>& ders,
                                                           absl::string_view what) {
  std::vector<Certificate> certificates;
  for (const std::string& der : ders) {
    absl::StatusOr<Certificate> certificate = Certificate::FromDer(der);
    if (!certificate.ok()) return Annotate(certificate.status(), what);
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

// `record` with what `bundle` says.
absl::StatusOr<TrustRecord> ApplyBundle(const Identity& self, TrustRecord record, const v1::TrustBundle& bundle,
                                        absl::Time now, spdlog::logger& logger) {
  PARANET_ASSIGN_OR_RETURN(record.roots, ParseCertificates(bundle.roots(), "a root of the trust bundle"));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustStore> roots, TrustStore::Create(record.roots));
  for (const TrustStore::Root& root : roots->roots()) {
    if (root.network == self.network) continue;
    return absl::PermissionDeniedError(absl::StrCat("the trust bundle names a root of network ", root.network,
                                                    " and this node is of network ", self.network,
                                                    "; ask the network's own enrolment service"));
  }
  const VerifyResult own = VerifyChain(record.chain, *roots, {.time = now, .roles = {Role::kNode}, .expected = self});
  if (!own.ok() && own.outcome != VerifyOutcome::kExpired) {
    return Annotate(own.ToStatus(), "the node's own certificate is below none of the roots in the trust bundle");
  }
  PARANET_ASSIGN_OR_RETURN(const std::vector<Certificate> authorities,
                           ParseCertificates(bundle.authorities(), "an authority of the trust bundle"));
  for (const Certificate& authority : authorities) AddOnce(record.authorities, authority);
  record.revision = bundle.revision();

  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustState> state, MakeState(self, record));
  const std::vector<Certificate> all = AuthoritiesOf(record);
  for (const std::string& der : bundle.revocation_lists()) {
    absl::StatusOr<RevocationList> list = RevocationList::FromDer(der);
    if (!list.ok()) return Annotate(list.status(), "a revocation list of the trust bundle");
    const RevocationList* const present = state->revocations->Of(list->issuer_der(), list->authority_key_id());
    // The node may have had a newer one from a peer.
    if (present != nullptr && present->IsNewerThan(*list)) continue;
    if (list->next_update() < now) {
      logger.warn("the revocation list of \"{}\" that the Network Root sends expired at {}: not taken", list->issuer(),
                  absl::FormatTime(list->next_update(), absl::UTCTimeZone()));
      continue;
    }
    const absl::Status taken = state->revocations->With(*list, *state->identity->trust(), all, now).status();
    if (!taken.ok() && !absl::IsAlreadyExists(taken)) {
      return absl::PermissionDeniedError(
          absl::StrCat("a revocation list of the trust bundle is not accepted: ", taken.message()));
    }
    PutList(record, *list);
  }
  return record;
}

class NodeTrustImpl final : public NodeTrust {
 public:
  NodeTrustImpl(Options options, Identity self, TrustRecord record, std::shared_ptr<const TrustState> state)
      : options_(std::move(options)), self_(std::move(self)), record_(std::move(record)), state_(std::move(state)) {}

  std::shared_ptr<const TrustState> state() const override {
    absl::ReaderMutexLock lock(&state_mu_);
    return state_;
  }
  const Identity& self() const override { return self_; }

  absl::Status ReplaceCertificate(const PrivateKey& key, const CertificateChain& chain) override;
  absl::Status Reinstall(const NodeIdentity& identity, const std::string& endpoint,
                         const v1::TrustBundle& bundle) override;
  absl::Status AdoptBundle(const v1::TrustBundle& bundle) override;
  absl::Status AdoptRevocationList(const RevocationList& list) override;
  absl::Status AddRoot(const Certificate& root, const TrustConstraints& constraints) override;
  absl::Status RemoveRoot(const std::string& fingerprint) override;

  uint64_t Subscribe(Subscriber subscriber) override {
    absl::MutexLock lock(&subscribers_mu_);
    subscribers_.emplace(++last_subscriber_, std::move(subscriber));
    return last_subscriber_;
  }
  void Unsubscribe(uint64_t id) override {
    absl::MutexLock lock(&subscribers_mu_);
    subscribers_.erase(id);
  }

  absl::StatusOr<std::shared_ptr<const Peer>> Authenticate(const grpc::AuthContext& auth_context) override;
  absl::Status CheckPeer(const Peer& peer) override;

 private:
  // Puts `next` on disk and in force; OK without either if it is what is there.
  absl::Status Commit(TrustRecord next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu_);
  absl::Status CommitOwn(TrustRecord next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu_);
  std::vector<Certificate> SeenAuthorities() const {
    absl::MutexLock lock(&seen_mu_);
    return seen_;
  }
  std::shared_ptr<const TrustStore> Retired(absl::Time now) const {
    absl::MutexLock lock(&seen_mu_);
    return now < retired_until_ ? retired_ : nullptr;
  }

  const Options options_;
  const Identity self_;
  // Held during a change, with all that it brings.
  absl::Mutex change_mu_ ABSL_ACQUIRED_BEFORE(state_mu_, subscribers_mu_);
  TrustRecord record_ ABSL_GUARDED_BY(change_mu_);
  mutable absl::Mutex state_mu_;
  std::shared_ptr<const TrustState> state_ ABSL_GUARDED_BY(state_mu_);
  absl::Mutex subscribers_mu_;
  uint64_t last_subscriber_ ABSL_GUARDED_BY(subscribers_mu_) = 0;
  std::map<uint64_t, Subscriber> subscribers_ ABSL_GUARDED_BY(subscribers_mu_);
  PeerCache peers_{kMaxPeers};
  mutable absl::Mutex seen_mu_;
  // Issuing authorities of verified peers, for lists that reach this node before any bundle names their authority.
  std::vector<Certificate> seen_ ABSL_GUARDED_BY(seen_mu_);
  // The roots before the last change of them.
  std::shared_ptr<const TrustStore> retired_ ABSL_GUARDED_BY(seen_mu_);
  absl::Time retired_until_ ABSL_GUARDED_BY(seen_mu_) = absl::InfinitePast();
};

absl::Status NodeTrustImpl::Commit(TrustRecord next) {
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustState> state, MakeState(self_, next));
  PARANET_RETURN_IF_ERROR(WriteTrustRecord(options_.dir, next));
  record_ = std::move(next);
  {
    absl::MutexLock lock(&state_mu_);
    state_ = state;
  }
  absl::MutexLock lock(&subscribers_mu_);
  for (const auto& [id, subscriber] : subscribers_) subscriber(state);
  return absl::OkStatus();
}

absl::Status NodeTrustImpl::CommitOwn(TrustRecord next) {
  if (next.chain.empty() || next.chain.leaf().public_key() != next.key.public_key()) {
    return absl::InvalidArgumentError(
        "the private key is not the one that the certificate is for; put key and chain of one and the same issue "
        "together");
  }
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustState> state, MakeState(self_, next));
  const VerifyResult result = VerifyOwn(self_, *state, options_.clock->Now());
  if (!result.ok()) return result.ToStatus();
  return Commit(std::move(next));
}

absl::Status NodeTrustImpl::ReplaceCertificate(const PrivateKey& key, const CertificateChain& chain) {
  absl::MutexLock lock(&change_mu_);
  TrustRecord next = record_;
  // Lists of the authority of before stay in force.
  for (const Certificate& authority : AuthoritiesOf(record_)) AddOnce(next.authorities, authority);
  next.key = key;
  next.chain = chain;
  PARANET_RETURN_IF_ERROR(CommitOwn(std::move(next)));
  options_.logger->info("the certificate of {} is replaced: serial {}, valid until {}", self_.ToUri(),
                        chain.leaf().serial(), absl::FormatTime(chain.leaf().not_after(), absl::UTCTimeZone()));
  return absl::OkStatus();
}

// `record` with the identity of an enrolment.
absl::StatusOr<TrustRecord> Enrolled(TrustRecord record, const NodeIdentity& identity, const std::string& endpoint,
                                     const v1::TrustBundle& bundle, absl::Time now, spdlog::logger& logger) {
  for (const Certificate& authority : AuthoritiesOf(record)) AddOnce(record.authorities, authority);
  record.key = identity.key();
  record.chain = identity.chain();
  record.roots.clear();
  for (const TrustStore::Root& root : identity.trust()->roots()) {
    if (root.network == identity.identity().network) record.roots.push_back(root.certificate);
  }
  record.revision = 0;
  record.endpoint = endpoint;
  if (bundle.roots().empty()) return record;
  return ApplyBundle(identity.identity(), std::move(record), bundle, now, logger);
}

absl::Status NodeTrustImpl::Reinstall(const NodeIdentity& identity, const std::string& endpoint,
                                      const v1::TrustBundle& bundle) {
  if (identity.identity() != self_) {
    return absl::FailedPreconditionError(absl::StrCat("this node is ", self_.ToUri(), " and stays it; the certificate ",
                                                      "is that of ", identity.identity().ToUri()));
  }
  absl::MutexLock lock(&change_mu_);
  PARANET_ASSIGN_OR_RETURN(TrustRecord next,
                           Enrolled(record_, identity, endpoint, bundle, options_.clock->Now(), *options_.logger));
  return CommitOwn(std::move(next));
}

absl::Status NodeTrustImpl::AdoptBundle(const v1::TrustBundle& bundle) {
  absl::MutexLock lock(&change_mu_);
  if (bundle.revision() < record_.revision) {
    return absl::PermissionDeniedError(
        absl::StrCat("the trust bundle has revision ", bundle.revision(), " and the node goes by revision ",
                     record_.revision, "; an older one is never taken (was the Network Root restored from a backup?)"));
  }
  PARANET_ASSIGN_OR_RETURN(TrustRecord next,
                           ApplyBundle(self_, record_, bundle, options_.clock->Now(), *options_.logger));
  if (next.revision == record_.revision && next.roots == record_.roots && next.authorities == record_.authorities &&
      next.lists == record_.lists) {
    return absl::OkStatus();
  }
  if (next.roots != record_.roots) {
    const std::shared_ptr<const TrustStore> before = state()->identity->trust();
    absl::MutexLock seen_lock(&seen_mu_);
    retired_ = before;
    retired_until_ = options_.clock->Now() + kRetirement;
  }
  PARANET_RETURN_IF_ERROR(Commit(std::move(next)));
  options_.logger->info("trust bundle {} is in force: {} roots, {} revocation lists", bundle.revision(),
                        bundle.roots_size(), bundle.revocation_lists_size());
  return absl::OkStatus();
}

absl::Status NodeTrustImpl::AdoptRevocationList(const RevocationList& list) {
  absl::MutexLock lock(&change_mu_);
  const std::shared_ptr<const TrustState> now_in_force = state();
  TrustRecord next = record_;
  std::vector<Certificate> authorities = AuthoritiesOf(record_);
  for (const Certificate& authority : SeenAuthorities()) {
    if (authority.subject_der() != list.issuer_der() || authority.subject_key_id() != list.authority_key_id()) continue;
    if (absl::c_linear_search(authorities, authority)) continue;
    authorities.push_back(authority);
    next.authorities.push_back(authority);
  }
  PARANET_RETURN_IF_ERROR(
      now_in_force->revocations->With(list, *now_in_force->identity->trust(), authorities, options_.clock->Now())
          .status());
  // One that is out of sight counts all the same.
  for (const RevocationList& present : record_.lists) {
    if (IsOfSameAuthority(present, list) && !list.IsNewerThan(present) && !(present == list)) {
      return absl::FailedPreconditionError(absl::StrCat("the revocation list of \"", list.issuer(), "\" has number ",
                                                        list.number(), " and the node has had number ",
                                                        present.number(), "; a list is never rolled back"));
    }
  }
  PutList(next, list);
  PARANET_RETURN_IF_ERROR(Commit(std::move(next)));
  options_.logger->info("revocation list {} of \"{}\" is in force: {} certificates are revoked", list.number(),
                        list.issuer(), list.entries().size());
  return absl::OkStatus();
}

absl::Status NodeTrustImpl::AddRoot(const Certificate& root, const TrustConstraints& constraints) {
  absl::MutexLock lock(&change_mu_);
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustStore> checked,
                           TrustStore::Create(std::vector<Certificate>{root}));
  if (checked->roots().front().network == self_.network) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", root.subject(), "\" is a root of this node's own network ", self_.network,
                     ", whose roots only the Network Root can add; it does so by itself"));
  }
  TrustRecord next = record_;
  for (const TrustStore::Root& further : next.further) {
    if (further.certificate == root) {
      return absl::AlreadyExistsError(absl::StrCat("root ", root.fingerprint(), " is trusted already; remove it first ",
                                                   "to change what it may do"));
    }
  }
  next.further.push_back({root, "", constraints});
  PARANET_RETURN_IF_ERROR(Commit(std::move(next)));
  options_.logger->info("root \"{}\" ({}) is trusted", root.subject(), root.fingerprint());
  return absl::OkStatus();
}

absl::Status NodeTrustImpl::RemoveRoot(const std::string& fingerprint) {
  absl::MutexLock lock(&change_mu_);
  TrustRecord next = record_;
  next.further.erase(
      std::remove_if(next.further.begin(), next.further.end(),
                     [&](const TrustStore::Root& root) { return root.certificate.fingerprint() == fingerprint; }),
      next.further.end());
  if (next.further.size() == record_.further.size()) {
    return absl::NotFoundError(absl::StrCat("no further root has the fingerprint ", fingerprint,
                                            "; `paranet trust ls` shows those that there are"));
  }
  PARANET_RETURN_IF_ERROR(Commit(std::move(next)));
  options_.logger->info("root {} is trusted no more", fingerprint);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Peer>> NodeTrustImpl::Authenticate(const grpc::AuthContext& auth_context) {
  const absl::string_view leaf_pem = Property(auth_context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (leaf_pem.empty() || Property(auth_context, GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME) != kTransport) {
    return absl::UnauthenticatedError(
        "the peer of this connection has not shown who it is: connect with mutual TLS and a certificate of the "
        "network");
  }
  const absl::string_view chain_pem = Property(auth_context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  std::shared_ptr<const Peer> known = peers_.Find(leaf_pem, chain_pem);
  if (known == nullptr) {
    const auto unreadable = [](const absl::Status& status) {
      return absl::PermissionDeniedError(
          absl::StrCat("certificate of an unknown party refused (MALFORMED): ", status.message()));
    };
    absl::StatusOr<Certificate> leaf = Certificate::FromPem(leaf_pem);
    if (!leaf.ok()) return unreadable(leaf.status());
    std::vector<Certificate> certificates = {*leaf};
    if (!chain_pem.empty()) {
      absl::StatusOr<CertificateChain> chain = CertificateChain::FromPem(chain_pem);
      if (!chain.ok()) return unreadable(chain.status());
      // gRPC has the leaf in the chain on clients alone.
      const bool has_leaf = chain->leaf() == *leaf;
      certificates.insert(certificates.end(), chain->certificates().begin() + (has_leaf ? 1 : 0),
                          chain->certificates().end());
    }
    auto peer = std::make_shared<Peer>();
    if (leaf->uris().size() == 1) {
      absl::StatusOr<Identity> identity = Identity::Parse(leaf->uris().front());
      if (identity.ok()) peer->identity = *std::move(identity);
    }
    peer->serial = leaf->serial();
    peer->issuer_der = leaf->issuer_der();
    peer->authority_key_id = leaf->authority_key_id();
    peer->not_after = leaf->not_after();
    for (const Certificate& certificate : certificates) peer->chain_id += certificate.fingerprint();
    peer->chain = CertificateChain(std::move(certificates));
    // Also says whether there was an identity.
    PARANET_RETURN_IF_ERROR(CheckPeer(*peer));
    peers_.Remember(leaf_pem, chain_pem, peer);
    return peer;
  }
  PARANET_RETURN_IF_ERROR(CheckPeer(*known));
  return known;
}

absl::Status NodeTrustImpl::CheckPeer(const Peer& peer) {
  if (peer.chain.empty()) return absl::UnauthenticatedError("the peer has shown no certificate");
  const std::shared_ptr<const TrustState> state = this->state();
  const absl::Time now = options_.clock->Now();
  if (peers_.IsGood(peer.chain_id, state.get(), now)) return absl::OkStatus();

  const TrustStore& trust = *state->identity->trust();
  const auto verify = [&](const TrustStore& roots) {
    return VerifyChain(peer.chain, roots,
                       {.time = now, .roles = {Role::kNode, Role::kOperator}, .revocations = state->revocations.get()});
  };
  if (const VerifyResult result = verify(trust); !result.ok()) {
    const std::shared_ptr<const TrustStore> retired = Retired(now);
    if (result.outcome == VerifyOutcome::kUntrustedRoot && retired != nullptr && verify(*retired).ok()) {
      return absl::OkStatus();
    }
    return result.ToStatus();
  }
  // As long as nothing that was looked at changes by time alone. What is behind verified certificates plays no part.
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  const auto narrow = [&](const Certificate& certificate) {
    from = std::max(from, certificate.not_before());
    until = std::min(until, certificate.not_after() + absl::Seconds(1));
  };
  for (const Certificate& certificate : peer.chain.certificates()) narrow(certificate);
  for (const TrustStore::Root& root : trust.roots()) {
    if (root.certificate.subject_der() == peer.chain.certificates().back().issuer_der()) narrow(root.certificate);
  }
  for (const RevocationList& list : state->revocations->lists()) {
    if (list.next_update() >= now) until = std::min(until, list.next_update());
  }
  if (until > now && !peer.chain_id.empty()) peers_.SetGood(peer.chain_id, state, from, until);
  absl::MutexLock lock(&seen_mu_);
  for (size_t i = 1; i < peer.chain.size() && seen_.size() < kMaxAuthorities; ++i) AddOnce(seen_, peer.chain[i]);
  return absl::OkStatus();
}

// The name in the first certificate of `record`.
absl::StatusOr<Identity> OwnIdentity(const TrustRecord& record, const std::string& dir) {
  const std::vector<std::string>& uris = record.chain.leaf().uris();
  absl::StatusOr<Identity> identity =
      uris.size() == 1 ? Identity::Parse(uris.front()) : absl::InvalidArgumentError("it names no identity");
  if (!identity.ok()) return Annotate(identity.status(), absl::StrCat("the certificate in ", dir));
  return identity;
}

}  // namespace

absl::StatusOr<std::unique_ptr<NodeTrust>> NodeTrust::Open(Options options) {
  PARANET_ASSIGN_OR_RETURN(TrustRecord record, ReadTrustRecord(options.dir));
  PARANET_ASSIGN_OR_RETURN(Identity self, OwnIdentity(record, options.dir));
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<const TrustState> state, MakeState(self, record));
  if (absl::Status status = CheckOwn(self, *state, options.clock->Now()); !status.ok()) {
    return Annotate(status, options.dir);
  }
  return std::make_unique<NodeTrustImpl>(std::move(options), std::move(self), std::move(record), std::move(state));
}

absl::StatusOr<std::unique_ptr<NodeTrust>> NodeTrust::Install(Options options, const NodeIdentity& identity,
                                                              const std::string& endpoint,
                                                              const v1::TrustBundle& bundle) {
  const absl::Time now = options.clock->Now();
  const Identity& self = identity.identity();
  TrustRecord record{.key = identity.key(), .chain = identity.chain()};
  absl::StatusOr<TrustRecord> present = ReadTrustRecord(options.dir);
  if (present.ok()) {
    // Of another network, or one that names nobody: nothing of it is of use.
    const absl::StatusOr<Identity> before = OwnIdentity(*present, options.dir);
    if (before.ok() && before->network == self.network) record = *std::move(present);
  } else if (!absl::IsNotFound(present.status())) {
    options.logger->warn("what is installed cannot be read and is replaced: {}",
                         std::string(present.status().message()));
  }
  PARANET_ASSIGN_OR_RETURN(record, Enrolled(std::move(record), identity, endpoint, bundle, now, *options.logger));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const TrustState> state, MakeState(self, record));
  PARANET_RETURN_IF_ERROR(CheckOwn(self, *state, now));
  PARANET_RETURN_IF_ERROR(WriteTrustRecord(options.dir, record));
  return Open(std::move(options));
}

}  // namespace paranet::pki
