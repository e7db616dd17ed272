#include "pki/root/network_root.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "core/base/status.h"
#include "openssl/rand.h"
#include "pki/atomic_directory.h"
#include "pki/certificate_issuer.h"
#include "pki/root/authority_book.h"
#include "pki/root/leaf_issuer.h"
#include "pki/root/ledger.h"
#include "pki/root/root_archive.h"
#include "pki/root/root_revocation.h"
#include "pki/root/root_rotation.h"
#include "pki/root/root_state.h"

namespace paranet::pki {
namespace {

constexpr size_t kSecret = 32;
constexpr absl::Duration kMaxTokenLife = absl::Hours(24 * 366);
constexpr char kService[] = "enrolment service";

std::string Utc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// Makes the files of a new Network Root in `dir`.
absl::Status Populate(const std::string& dir, const std::string& network, const NetworkRoot::CreateOptions& options,
                      absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const PrivateKey root_key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate root, IssueRoot(network, root_key, {now - kBackdate, now + kRootLife}));
  PARANET_ASSIGN_OR_RETURN(const PrivateKey issuing_key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate issuing, IssueAuthority(issuing_key.public_key(), root, root_key,
                                                                     {now - kBackdate, now + kIssuingLife}));
  PARANET_RETURN_IF_ERROR(WriteAuthorityFiles(dir, kRootStem, root, root_key, options.passphrase));
  PARANET_RETURN_IF_ERROR(WriteAuthorityFiles(dir, kIssuingStem, issuing, issuing_key, std::nullopt));
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(dir));
  Database& database = ledger->database();
  return ledger->Commit([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(
        database.Execute("INSERT INTO root (fingerprint, network) VALUES (?, ?)", {root.fingerprint(), network}));
    PARANET_RETURN_IF_ERROR(RaiseRevision(database, now).status());
    PARANET_RETURN_IF_ERROR(AppendAudit(database, {.time = now,
                                                   .actor = "local",
                                                   .event = "create",
                                                   .subject = network,
                                                   .detail = root.fingerprint(),
                                                   .hash = ""})
                                .status());
    for (const Certificate& certificate : {root, issuing}) {
      PARANET_RETURN_IF_ERROR(RecordNewAuthority(database,
                                                 {.certificate = certificate,
                                                  .issuer = root.fingerprint(),
                                                  .state = AuthorityState::kActive,
                                                  .stem = certificate == root ? kRootStem : kIssuingStem},
                                                 now, "local"));
    }
    return absl::OkStatus();
  });
}

bool SameNames(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

absl::StatusOr<LeafOrder> EnrolmentOrder(RootState& state, const Clock& clock, const NetworkRoot::Application& wanted) {
  const JoinToken& token = *wanted.token;
  const std::string& network = state.network();
  if (token.fields().network() != network) {
    return absl::PermissionDeniedError(absl::StrCat("the join token is of network ", token.fields().network(),
                                                    ", and this is the Network Root of ", network,
                                                    ": send it to the endpoint that it names"));
  }
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
  const Authority* root = view->Find(token.fields().root_fingerprint());
  if (root == nullptr || !root->is_root() || root->state == AuthorityState::kRetired) {
    return absl::PermissionDeniedError(
        absl::StrCat("the join token is of a root that network ", network,
                     " does not have (any more): ask the operator of the Network Root for a new one"));
  }
  const LeafNames& names = wanted.request->names();
  const Identity node{network, Role::kNode, token.fields().node()};
  if (!(names.identity == node)) {
    return absl::PermissionDeniedError(absl::StrCat("the join token is for ", node.ToUri(), ", and the request for ",
                                                    names.identity.ToUri(), ": ask for a token for that one"));
  }
  Database& database = state.ledger().database();
  const auto check = [&database, &token, &clock] { return CheckToken(database, token, clock.Now()).status(); };
  // Strangers ask: nothing is signed, and nobody's commit delayed, for a token that is no good.
  PARANET_RETURN_IF_ERROR(check());
  const std::string id = TokenId(token);
  return LeafOrder{.names = names,
                   .public_key = wanted.request->public_key(),
                   .not_before = std::nullopt,
                   .not_after = std::nullopt,
                   .life = wanted.life,
                   .actor = absl::StrCat("token:", id),
                   .event = "enrol",
                   .check = check,
                   .record = [&database, &clock, id](const Certificate& leaf) {
                     return MarkTokenUsed(database, id, leaf.serial(), clock.Now());
                   }};
}

// Whether the certificate `peer` may be renewed, in a transaction.
absl::Status CheckRenewal(Database& database, const Certificate& peer, const CertificateRequest& request,
                          absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const std::optional<CertificateEntry> entry, FindCertificate(database, peer));
  if (!entry.has_value()) {
    return absl::PermissionDeniedError(absl::StrCat("the certificate with serial ", peer.serial(),
                                                    " is not in the ledger of this Network Root: come back with a "
                                                    "join token (paranet node enroll)"));
  }
  const std::string& identity = entry->identity;
  if (entry->revoked_at.has_value()) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the certificate with serial ", peer.serial(), " of ", identity, " was revoked on ", Utc(*entry->revoked_at),
        " (", RevocationReasonName(entry->reason), "): it cannot be renewed; ask the operator of the Network Root"));
  }
  if (now > entry->not_after) {
    return absl::PermissionDeniedError(absl::StrCat("the certificate with serial ", peer.serial(), " of ", identity,
                                                    " expired on ", Utc(entry->not_after),
                                                    ": come back with a join token (paranet node enroll)"));
  }
  const absl::StatusOr<Identity> parsed = Identity::Parse(identity);
  if (!parsed.ok() || parsed->role != Role::kNode) {
    return absl::PermissionDeniedError(absl::StrCat("the certificate with serial ", peer.serial(),
                                                    " is not a node's: only nodes renew by themselves (use paranet "
                                                    "root issue)"));
  }
  const LeafNames& names = request.names();
  if (names.identity.ToUri() != identity || !SameNames(names.dns_names, peer.dns_names()) ||
      !SameNames(names.ip_addresses, peer.ip_addresses())) {
    return absl::PermissionDeniedError(absl::StrCat("a renewal is for the names of the current certificate, those of ",
                                                    identity, ", and the request (for ", names.identity.ToUri(),
                                                    ") has others: come back with a join token (paranet node enroll)"));
  }
  PARANET_ASSIGN_OR_RETURN(const bool known, IsKeyKnown(database, request.public_key()));
  if (known) {
    return absl::InvalidArgumentError(
        "the key of the request has been certified before: a renewal is for a key that was made for it");
  }
  return absl::OkStatus();
}

absl::StatusOr<LeafOrder> RenewalOrder(RootState& state, const Clock& clock, const NetworkRoot::Application& wanted) {
  Database& database = state.ledger().database();
  const Certificate& peer = *wanted.peer;
  const CertificateRequest& request = *wanted.request;
  // Who asks has shown a certificate, and is limited by it: the transaction is early enough to look into the ledger,
  // which says there that the certificate is one of ours, and so is its identity.
  return LeafOrder{
      .names = request.names(),
      .public_key = request.public_key(),
      .not_before = std::nullopt,
      .not_after = std::nullopt,
      .life = wanted.life,
      .actor = peer.uris().empty() ? "" : peer.uris().front(),
      .event = "renew",
      .check = [&database, &peer, &request, &clock] { return CheckRenewal(database, peer, request, clock.Now()); },
      // Who shows a certificate has no use for the ones before it.
      .record = [&database, &peer](const Certificate&) { return MarkSuperseded(database, peer.serial()); }};
}

}  // namespace

NetworkRoot::NetworkRoot(std::unique_ptr<RootState> state, const Clock* clock)
    : state_(std::move(state)), clock_(clock) {}

NetworkRoot::~NetworkRoot() = default;

absl::StatusOr<std::unique_ptr<NetworkRoot>> NetworkRoot::Create(const std::string& dir, const std::string& network,
                                                                 const CreateOptions& options, const Clock* clock) {
  PARANET_RETURN_IF_ERROR(CreateDirectoryAtomically(
      dir, [&](const std::string& temporary) { return Populate(temporary, network, options, clock->Now()); }));
  return Open(dir, clock);
}

absl::StatusOr<std::unique_ptr<NetworkRoot>> NetworkRoot::Create(const std::string& dir, const std::string& network,
                                                                 const Clock* clock) {
  return Create(dir, network, CreateOptions(), clock);
}

absl::StatusOr<std::unique_ptr<NetworkRoot>> NetworkRoot::Open(const std::string& dir, const Clock* clock) {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<RootState> state, RootState::Open(dir, clock->Now()));
  return std::unique_ptr<NetworkRoot>(new NetworkRoot(std::move(state), clock));
}

const std::string& NetworkRoot::network() const { return state_->network(); }

const std::string& NetworkRoot::dir() const { return state_->dir(); }

Certificate NetworkRoot::root_certificate() const { return state_->CurrentOrLast()->active_root().certificate; }

Certificate NetworkRoot::issuing_certificate() const { return state_->CurrentOrLast()->active_issuing().certificate; }

std::shared_ptr<const TrustStore> NetworkRoot::trust() const { return state_->CurrentOrLast()->trust; }

// --- certificates ---------------------------------------------------------------------------------

absl::StatusOr<CertificateChain> NetworkRoot::Issue(const CertificateRequest& request, const Validity& validity,
                                                    const std::string& actor) {
  if (request.names().identity.role == Role::kRoot) {
    return absl::PermissionDeniedError(absl::StrCat("the request is for ", request.names().identity.ToUri(),
                                                    ": only the Network Root's own enrolment service has that role"));
  }
  PARANET_ASSIGN_OR_RETURN(IssuedLeaf issued, IssueLeaf(*state_, *clock_,
                                                        {.names = request.names(),
                                                         .public_key = request.public_key(),
                                                         .not_before = validity.not_before,
                                                         .not_after = validity.not_after,
                                                         .life = kLeafLife,
                                                         .actor = actor,
                                                         .event = "issue",
                                                         .check = nullptr,
                                                         .record = nullptr}));
  return std::move(issued.chain);
}

absl::StatusOr<CertificateChain> NetworkRoot::Issue(const CertificateRequest& request) {
  return Issue(request, Validity());
}

absl::StatusOr<NetworkRoot::IssuedKey> NetworkRoot::IssueWithNewKey(const LeafNames& names, const Validity& validity,
                                                                    const std::string& actor) {
  PARANET_ASSIGN_OR_RETURN(PrivateKey key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(IssuedLeaf issued, IssueLeaf(*state_, *clock_,
                                                        {.names = names,
                                                         .public_key = key.public_key(),
                                                         .not_before = validity.not_before,
                                                         .not_after = validity.not_after,
                                                         .life = kLeafLife,
                                                         .actor = actor,
                                                         .event = "issue",
                                                         .check = nullptr,
                                                         .record = nullptr}));
  return IssuedKey{std::move(key), std::move(issued.chain)};
}

absl::StatusOr<NetworkRoot::IssuedKey> NetworkRoot::IssueServiceIdentity(const std::vector<std::string>& dns_names,
                                                                         const std::vector<std::string>& ip_addresses) {
  return IssueWithNewKey({.identity = {network(), Role::kRoot, kEnrolmentServiceName},
                          .dns_names = dns_names,
                          .ip_addresses = ip_addresses},
                         Validity(), kService);
}

absl::StatusOr<std::vector<NetworkRoot::Entry>> NetworkRoot::List() const {
  return ListCertificates(state_->ledger().database());
}

absl::StatusOr<std::vector<NetworkRoot::Entry>> NetworkRoot::Find(const std::string& target) const {
  return FindCertificates(state_->ledger().database(), network(), target);
}

absl::StatusOr<Certificate> NetworkRoot::CertificateWithSerial(const std::string& serial) const {
  return ReadCertificateWithSerial(state_->ledger().database(), serial);
}

// --- join tokens ----------------------------------------------------------------------------------

absl::StatusOr<JoinToken> NetworkRoot::CreateToken(const TokenRequest& request, const std::string& actor) {
  if (request.life <= absl::ZeroDuration() || request.life > kMaxTokenLife) {
    return absl::InvalidArgumentError("a join token lives for more than nothing and at most 366 days");
  }
  const absl::Time now = clock_->Now();
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state_->Current());
  std::string secret(kSecret, '\0');
  RAND_bytes(reinterpret_cast<uint8_t*>(secret.data()), secret.size());
  v1::JoinToken fields;
  fields.set_network(network());
  fields.set_node(request.node);
  fields.set_endpoint(request.endpoint);
  fields.set_root_fingerprint(view->active_root().certificate.fingerprint());
  fields.set_secret(std::move(secret));
  fields.set_expires_unix(absl::ToUnixSeconds(now + request.life));
  PARANET_ASSIGN_OR_RETURN(JoinToken token, JoinToken::Create(std::move(fields)));
  Database& database = state_->ledger().database();
  PARANET_RETURN_IF_ERROR(state_->ledger().Commit([&]() -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(const AuditHead event, AppendAudit(database, {.time = now,
                                                                           .actor = actor,
                                                                           .event = "token-create",
                                                                           .subject = TokenId(token),
                                                                           .detail = TokenDetail(token),
                                                                           .hash = ""}));
    return RecordToken(database, token, now, event.number);
  }));
  return token;
}

absl::StatusOr<std::vector<NetworkRoot::TokenEntry>> NetworkRoot::ListTokens() const {
  return ListJoinTokens(state_->ledger().database());
}

absl::Status NetworkRoot::RevokeToken(const std::string& id, const std::string& actor) {
  const absl::Time now = clock_->Now();
  Database& database = state_->ledger().database();
  return state_->ledger().Commit([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(MarkTokenRevoked(database, id, now));
    return AppendAudit(database,
                       {.time = now, .actor = actor, .event = "token-revoke", .subject = id, .detail = "", .hash = ""})
        .status();
  });
}

absl::StatusOr<NetworkRoot::Issued> NetworkRoot::Enroll(const JoinToken& token, const CertificateRequest& request,
                                                        absl::Duration life) {
  return std::move(IssueAll({{.request = &request, .token = &token, .life = life}}).front());
}

absl::StatusOr<NetworkRoot::Issued> NetworkRoot::Renew(const Certificate& peer, const CertificateRequest& request,
                                                       absl::Duration life) {
  return std::move(IssueAll({{.request = &request, .peer = &peer, .life = life}}).front());
}

std::vector<absl::StatusOr<NetworkRoot::Issued>> NetworkRoot::IssueAll(absl::Span<const Application> applications) {
  std::vector<absl::StatusOr<Issued>> results(applications.size(), absl::InternalError("not issued"));
  std::vector<LeafOrder> orders;
  std::vector<size_t> places;
  for (size_t i = 0; i < applications.size(); ++i) {
    absl::StatusOr<LeafOrder> order = applications[i].token != nullptr
                                          ? EnrolmentOrder(*state_, *clock_, applications[i])
                                          : RenewalOrder(*state_, *clock_, applications[i]);
    if (order.ok()) {
      orders.push_back(*std::move(order));
      places.push_back(i);
    } else {
      results[i] = order.status();
    }
  }
  std::vector<absl::StatusOr<Issued>> issued = IssueLeaves(*state_, *clock_, orders);
  for (size_t i = 0; i < issued.size(); ++i) results[places[i]] = std::move(issued[i]);
  return results;
}

// --- what nodes have to know ----------------------------------------------------------------------

absl::StatusOr<v1::TrustBundle> NetworkRoot::Bundle() const {
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state_->Current());
  return view->bundle;
}

absl::Status NetworkRoot::Acknowledge(const Identity& node, uint64_t revision) {
  Database& database = state_->ledger().database();
  return state_->ledger().Commit([&] { return RecordAcknowledgement(database, node.ToUri(), revision); });
}

absl::Status NetworkRoot::Acknowledge(const Certificate& peer, uint64_t revision) {
  Database& database = state_->ledger().database();
  PARANET_ASSIGN_OR_RETURN(const std::optional<CertificateEntry> entry, FindCertificate(database, peer));
  if (!entry.has_value()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the certificate with serial ", peer.serial(), " is not in the ledger of this Network Root"));
  }
  return state_->ledger().Commit([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(MarkSuperseded(database, peer.serial()));
    return RecordAcknowledgement(database, entry->identity, revision);
  });
}

absl::StatusOr<uint64_t> NetworkRoot::ChangeCounter() const { return state_->ledger().ChangeCounter(); }

// --- revocation -----------------------------------------------------------------------------------

absl::StatusOr<std::vector<NetworkRoot::Entry>> NetworkRoot::Revoke(const std::string& target, RevocationReason reason,
                                                                    const std::string& actor, const RootKey& root_key) {
  return RevokeCertificates(*state_, target, reason, actor, root_key, clock_->Now());
}

absl::StatusOr<std::vector<RevocationList>> NetworkRoot::RevocationLists() const {
  return ReadRevocationLists(state_->ledger().database());
}

absl::Status NetworkRoot::RefreshRevocationLists(absl::Duration life, bool force, const std::string& actor) {
  return RefreshLists(*state_, life, force, actor, clock_->Now());
}

// --- rotation -------------------------------------------------------------------------------------

absl::Status NetworkRoot::PrepareRotation(const std::optional<SecretString>& passphrase, const std::string& actor) {
  return pki::PrepareRotation(*state_, passphrase, actor, clock_->Now());
}

absl::Status NetworkRoot::ActivateRotation(const std::string& actor) {
  return pki::ActivateRotation(*state_, actor, clock_->Now());
}

absl::Status NetworkRoot::RetireRotation(const std::string& actor) {
  return pki::RetireRotation(*state_, actor, clock_->Now());
}

absl::StatusOr<RotationStatus> NetworkRoot::GetRotationStatus() const {
  return ReadRotationStatus(*state_, clock_->Now());
}

absl::Status NetworkRoot::RenewIssuingAuthority(const RootKey& root_key, const std::string& actor) {
  return pki::RenewIssuingAuthority(*state_, root_key, actor, clock_->Now());
}

// --- the rest -------------------------------------------------------------------------------------

absl::Status NetworkRoot::Backup(const std::string& path, const std::optional<SecretString>& passphrase,
                                 const std::string& actor) const {
  return BackUpRoot(*state_, path, passphrase, actor, clock_->Now());
}

absl::StatusOr<std::unique_ptr<NetworkRoot>> NetworkRoot::Restore(const std::string& path, const std::string& dir,
                                                                  const std::optional<SecretString>& passphrase,
                                                                  const std::string& actor, const Clock* clock) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<BackupFile> files, ReadBackup(path));
  const absl::Status made = CreateDirectoryAtomically(dir, [&](const std::string& temporary) -> absl::Status {
    PARANET_RETURN_IF_ERROR(UnpackBackup(files, temporary, passphrase));
    PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkRoot> root, Open(temporary, clock));
    Database& database = root->state_->ledger().database();
    const absl::Status told = root->state_->ledger().Commit([&] {
      return AppendAudit(database, {.time = clock->Now(),
                                    .actor = actor,
                                    .event = "restore",
                                    .subject = root->network(),
                                    .detail = path,
                                    .hash = ""})
          .status();
    });
    PARANET_RETURN_IF_ERROR(told);
    // Raises the revision too.
    return root->RefreshRevocationLists(kRevocationListLife, /*force=*/true, actor);
  });
  PARANET_RETURN_IF_ERROR(made);
  return Open(dir, clock);
}

absl::StatusOr<std::vector<AuditEvent>> NetworkRoot::Audit(uint64_t after, size_t limit) const {
  return ReadAudit(state_->ledger().database(), after, limit);
}

}  // namespace paranet::pki
