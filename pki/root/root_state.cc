#include "pki/root/root_state.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/root/certificate_book.h"

namespace paranet::pki {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;

bool Exists(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

absl::StatusOr<Certificate> ReadCertificate(const std::string& dir, const std::string& stem) {
  const absl::StatusOr<std::string> pem = ReadFile(absl::StrCat(dir, "/", stem, ".pem"), kMaxFile);
  if (absl::IsNotFound(pem.status())) return DamagedRoot(dir, absl::StrCat(stem, ".pem is missing"));
  if (!pem.ok()) return pem.status();
  absl::StatusOr<Certificate> certificate = Certificate::FromPem(*pem);
  if (!certificate.ok()) return DamagedRoot(dir, absl::StrCat(stem, ".pem: ", certificate.status().message()));
  return certificate;
}

// Gives a ledger of the first release what it does not have: authorities, an audit trail.
absl::Status Upgrade(Database& database, const Certificate& root, const Certificate& issuing, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const AuditHead head, ReadAuditHead(database));
  // Another process has been faster.
  if (head.number != 0) return absl::OkStatus();
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      database.Query("SELECT number, identity, subject, issued_at, der FROM certificate ORDER BY number"));
  for (const SqlRow& row : rows) {
    PARANET_ASSIGN_OR_RETURN(const Certificate certificate, Certificate::FromDer(row.Text(4)));
    const bool authority = row.Text(1).empty();
    PARANET_ASSIGN_OR_RETURN(const AuditHead event,
                             AppendAudit(database, {.time = absl::FromUnixSeconds(row.Int(3)),
                                                    .actor = "unknown",
                                                    .event = authority ? "authority" : "issue",
                                                    .subject = authority ? row.Text(2) : row.Text(1),
                                                    .detail = CertificateDetail(certificate),
                                                    .hash = ""}));
    PARANET_RETURN_IF_ERROR(
        database.Execute("UPDATE certificate SET issuer = ?, key = ?, audit = ? WHERE number = ?",
                         {authority ? root.fingerprint() : issuing.fingerprint(), KeyHash(certificate.public_key()),
                          static_cast<int64_t>(event.number), row.Int(0)}));
  }
  for (const Certificate& certificate : {root, issuing}) {
    const bool is_root = certificate == root;
    PARANET_RETURN_IF_ERROR(RecordAuthority(database, {.certificate = certificate,
                                                       .issuer = root.fingerprint(),
                                                       .state = AuthorityState::kActive,
                                                       .stem = is_root ? kRootStem : kIssuingStem}));
  }
  PARANET_RETURN_IF_ERROR(RaiseRevision(database, now).status());
  return AppendAudit(database, {.time = now,
                                .actor = "local",
                                .event = "upgrade",
                                .subject = root.subject(),
                                .detail = absl::StrCat(rows.size(), " certificates"),
                                .hash = ""})
      .status();
}

// That the ledger is this root's, and knows the two certificates with which every ledger begins.
absl::Status CheckOwner(Database& database, const std::string& dir, const Certificate& root) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> owner, database.Query("SELECT fingerprint FROM root"));
  if (owner.size() != 1 || owner[0].Text(0) != root.fingerprint()) {
    return DamagedRoot(dir, "ledger.db is empty or belongs to another root");
  }
  return absl::OkStatus();
}

absl::Status UpgradeIfOld(Ledger& ledger, const std::string& dir, const Certificate& root, absl::Time now) {
  Database& database = ledger.database();
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           database.Query("SELECT (SELECT COUNT(*) FROM audit) + (SELECT COUNT(*) FROM authority)"));
  if (rows.empty() || rows[0].Int(0) != 0) return absl::OkStatus();
  PARANET_ASSIGN_OR_RETURN(const Certificate issuing, ReadCertificate(dir, kIssuingStem));
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> known,
                           database.Query("SELECT COUNT(*) FROM certificate WHERE fingerprint IN (?, ?)",
                                          {root.fingerprint(), issuing.fingerprint()}));
  if (known.size() != 1 || known[0].Int(0) != 2) {
    return DamagedRoot(dir, "ledger.db does not know root.pem and issuing.pem");
  }
  return ledger.Commit([&] { return Upgrade(database, root, issuing, now); });
}

}  // namespace

const Authority* RootState::View::RootIn(AuthorityState state) const {
  for (const Authority& authority : authorities) {
    if (authority.is_root() && authority.state == state) return &authority;
  }
  return nullptr;
}

const Authority* RootState::View::Find(const std::string& fingerprint) const {
  for (const Authority& authority : authorities) {
    if (authority.certificate.fingerprint() == fingerprint) return &authority;
  }
  return nullptr;
}

RootState::RootState(std::string dir, std::string network, std::unique_ptr<Ledger> ledger)
    : dir_(std::move(dir)), network_(std::move(network)), ledger_(std::move(ledger)) {}

absl::StatusOr<std::unique_ptr<RootState>> RootState::Open(const std::string& dir, absl::Time now) {
  if (!Exists(dir + "/root.pem") && !Exists(dir + "/ledger.db")) {
    return absl::NotFoundError(absl::StrCat("there is no Network Root in ", dir, ": make one (paranet root init)"));
  }
  PARANET_RETURN_IF_ERROR(CheckPrivate(dir));
  PARANET_ASSIGN_OR_RETURN(const Certificate root, ReadCertificate(dir, kRootStem));
  // Database::Open would make a new ledger, and a Network Root without its past is none.
  if (!Exists(dir + "/ledger.db")) return DamagedRoot(dir, "ledger.db is missing");
  absl::StatusOr<std::unique_ptr<Ledger>> ledger = Ledger::Open(dir);
  if (absl::IsDataLoss(ledger.status())) return DamagedRoot(dir, "ledger.db is damaged or is no ledger");
  if (!ledger.ok()) return ledger.status();
  PARANET_RETURN_IF_ERROR(CheckOwner((*ledger)->database(), dir, root));
  PARANET_RETURN_IF_ERROR(UpgradeIfOld(**ledger, dir, root, now));
  const absl::Status checked = (*ledger)->Check();
  if (absl::IsDataLoss(checked)) return DamagedRoot(dir, absl::StrCat("ledger.db: ", checked.message()));
  PARANET_RETURN_IF_ERROR(checked);

  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> network, (*ledger)->database().Query("SELECT network FROM root"));
  std::unique_ptr<RootState> state(new RootState(dir, network.at(0).Text(0), *std::move(ledger)));
  const absl::Status current = state->Current().status();
  if (absl::IsDataLoss(current) && !absl::StrContains(current.message(), dir)) {
    return DamagedRoot(dir, absl::StrCat("ledger.db: ", current.message()));
  }
  PARANET_RETURN_IF_ERROR(current);
  return state;
}

absl::StatusOr<std::shared_ptr<const RootState::View>> RootState::Current() {
  PARANET_ASSIGN_OR_RETURN(const uint64_t revision, ReadRevision(ledger_->database()));
  {
    absl::MutexLock lock(&mu_);
    if (view_ != nullptr && view_->revision == revision) return view_;
  }
  absl::StatusOr<std::shared_ptr<const View>> read = Read();
  for (uint64_t before = revision; !read.ok(); read = Read()) {
    // While it was read another process may have retired an authority, with its files.
    PARANET_ASSIGN_OR_RETURN(const uint64_t now, ReadRevision(ledger_->database()));
    if (now == before) return read.status();
    before = now;
  }
  std::shared_ptr<const View> view = *std::move(read);
  absl::MutexLock lock(&mu_);
  // Another thread may have read a later one meanwhile.
  if (view_ == nullptr || view_->revision < view->revision) view_ = std::move(view);
  return view_;
}

std::shared_ptr<const RootState::View> RootState::CurrentOrLast() {
  if (absl::StatusOr<std::shared_ptr<const View>> view = Current(); view.ok()) return *std::move(view);
  return Last();
}

std::shared_ptr<const RootState::View> RootState::Last() const {
  absl::MutexLock lock(&mu_);
  return view_;
}

absl::StatusOr<std::shared_ptr<const RootState::View>> RootState::Read() {
  const auto view = std::make_shared<View>();
  std::vector<RevocationList> lists;
  // One moment's rows, whatever others do.
  const absl::Status read = ledger_->database().Transaction([&]() -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(view->revision, ReadRevision(ledger_->database()));
    PARANET_ASSIGN_OR_RETURN(view->authorities, ListAuthorities(ledger_->database()));
    PARANET_ASSIGN_OR_RETURN(lists, ReadRevocationLists(ledger_->database()));
    return absl::OkStatus();
  });
  PARANET_RETURN_IF_ERROR(read);
  std::vector<Certificate> roots;
  size_t active = 0;
  for (size_t i = 0; i < view->authorities.size(); ++i) {
    const Authority& authority = view->authorities[i];
    if (authority.state == AuthorityState::kRetired) continue;
    PARANET_ASSIGN_OR_RETURN(const Certificate file, ReadCertificate(dir_, authority.stem));
    if (!(file == authority.certificate)) {
      return DamagedRoot(dir_, absl::StrCat(authority.stem, ".pem is not the certificate that ledger.db knows"));
    }
    const bool is_active = authority.state == AuthorityState::kActive;
    active += is_active ? 1 : 0;
    if (authority.is_root()) {
      roots.insert(is_active ? roots.begin() : roots.end(), authority.certificate);
      if (is_active) view->root = i;
    } else {
      PARANET_ASSIGN_OR_RETURN(PrivateKey key, ReadFiles(authority));
      view->issuing_keys.emplace(authority.certificate.fingerprint(), std::move(key));
      view->bundle.add_authorities(authority.certificate.ToDer());
      if (is_active) view->issuing = i;
    }
  }
  if (active != 2 || !view->active_root().is_root() || view->active_issuing().is_root()) {
    return DamagedRoot(dir_, "ledger.db does not have one active root and one active issuing authority");
  }
  absl::StatusOr<std::shared_ptr<const TrustStore>> trust = TrustStore::Create(roots);
  if (!trust.ok()) return DamagedRoot(dir_, trust.status().message());
  view->trust = *std::move(trust);
  view->bundle.set_revision(view->revision);
  for (const Certificate& root : roots) view->bundle.add_roots(root.ToDer());
  for (const RevocationList& list : lists) view->bundle.add_revocation_lists(list.ToDer());
  view->bundle.set_active_root(view->active_root().certificate.fingerprint());
  return view;
}

absl::StatusOr<PrivateKey> RootState::ReadFiles(const Authority& authority) const {
  absl::StatusOr<PrivateKey> key = PrivateKey::Load(absl::StrCat(dir_, "/", authority.stem, ".key.pem"));
  if (absl::IsNotFound(key.status())) return DamagedRoot(dir_, absl::StrCat(authority.stem, ".key.pem is missing"));
  if (key.ok() && key->public_key() != authority.certificate.public_key()) {
    return DamagedRoot(dir_,
                       absl::StrCat(authority.stem, ".key.pem and ", authority.stem, ".pem do not belong together"));
  }
  return key;
}

absl::StatusOr<PrivateKey> RootState::LoadRootKey(const Authority& root, const RootKey& key) const {
  const std::string path = key.file.empty() ? absl::StrCat(dir_, "/", root.stem, ".key.pem") : key.file;
  absl::StatusOr<PrivateKey> loaded = PrivateKey::Load(path, key.passphrase);
  if (absl::IsNotFound(loaded.status())) {
    return absl::FailedPreconditionError(absl::StrCat("this needs the root key, which is not in ", path,
                                                      ": bring it there, or say where it is (--root-key FILE)"));
  }
  if (!loaded.ok()) return loaded;
  if (loaded->public_key() != root.certificate.public_key()) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not the key of ", dir_, "/", root.stem,
                                                      ".pem: give the one that belongs to it (--root-key FILE)"));
  }
  return loaded;
}

absl::Status WriteAuthorityFiles(const std::string& dir, const std::string& stem, const Certificate& certificate,
                                 const PrivateKey& key, const std::optional<SecretString>& passphrase) {
  PARANET_RETURN_IF_ERROR(key.Save(absl::StrCat(dir, "/", stem, ".key.pem"), passphrase));
  return WriteFileAtomically(absl::StrCat(dir, "/", stem, ".pem"), certificate.ToPem(), 0600);
}

absl::Status RecordNewAuthority(Database& ledger, const Authority& authority, absl::Time now,
                                const std::string& actor) {
  PARANET_ASSIGN_OR_RETURN(const uint64_t revision, ReadRevision(ledger));
  PARANET_ASSIGN_OR_RETURN(const AuditHead event,
                           AppendAudit(ledger, {.time = now,
                                                .actor = actor,
                                                .event = "authority",
                                                .subject = authority.certificate.subject(),
                                                .detail = CertificateDetail(authority.certificate),
                                                .hash = ""}));
  PARANET_RETURN_IF_ERROR(
      RecordCertificate(ledger, authority.certificate, "", authority.issuer, revision, now, event.number));
  return RecordAuthority(ledger, authority);
}

absl::Status CheckFresh(Database& ledger, const RootState::View& view) {
  PARANET_ASSIGN_OR_RETURN(const uint64_t revision, ReadRevision(ledger));
  if (revision == view.revision) return absl::OkStatus();
  return absl::AbortedError("what the network trusts has just been changed: try again");
}

absl::Status DamagedRoot(const std::string& dir, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("Network Root ", dir, ": ", what,
                                          "; restore the directory from a backup (paranet root restore; nothing was "
                                          "changed)"));
}

}  // namespace paranet::pki
