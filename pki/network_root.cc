#include "pki/network_root.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/atomic_directory.h"
#include "pki/certificate_issuer.h"

namespace paranet::pki {
namespace {

constexpr char kRootFile[] = "/root.pem";
constexpr char kRootKeyFile[] = "/root.key.pem";
constexpr char kIssuingFile[] = "/issuing.pem";
constexpr char kIssuingKeyFile[] = "/issuing.key.pem";
constexpr char kLedgerFile[] = "/ledger.db";
constexpr size_t kMaxFile = size_t{1} << 20;

const std::vector<std::string>& Migrations() {
  static const auto* const kMigrations = new std::vector<std::string>{
      "CREATE TABLE root (fingerprint TEXT NOT NULL PRIMARY KEY, network TEXT NOT NULL);"
      "CREATE TABLE certificate ("
      "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  serial TEXT NOT NULL UNIQUE,"
      "  identity TEXT NOT NULL,"
      "  subject TEXT NOT NULL,"
      "  not_before INTEGER NOT NULL,"
      "  not_after INTEGER NOT NULL,"
      "  issued_at INTEGER NOT NULL,"
      "  fingerprint TEXT NOT NULL UNIQUE,"
      "  der BLOB NOT NULL);"
      "CREATE INDEX certificate_identity ON certificate (identity);"};
  return *kMigrations;
}

absl::Status Record(Database& ledger, const Certificate& certificate, absl::string_view identity, absl::Time now) {
  return Annotate(
      ledger.Execute("INSERT INTO certificate (serial, identity, subject, not_before, not_after, issued_at, "
                     "fingerprint, der) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     {certificate.serial(), std::string(identity), certificate.subject(),
                      absl::ToUnixSeconds(certificate.not_before()), absl::ToUnixSeconds(certificate.not_after()),
                      absl::ToUnixSeconds(now), certificate.fingerprint(), Blob{certificate.ToDer()}}),
      "the certificate could not be recorded and was therefore not issued");
}

absl::Status Damaged(const std::string& dir, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("Network Root ", dir, ": ", what, "; restore the directory from a backup (nothing was changed)"));
}

absl::StatusOr<Certificate> ReadCertificate(const std::string& dir, const char* file) {
  absl::StatusOr<std::string> pem = ReadFile(dir + file, kMaxFile);
  if (absl::IsNotFound(pem.status())) return Damaged(dir, absl::StrCat(file + 1, " is missing"));
  if (!pem.ok()) return pem.status();
  absl::StatusOr<Certificate> certificate = Certificate::FromPem(*pem);
  if (!certificate.ok()) return Damaged(dir, absl::StrCat(file + 1, ": ", certificate.status().message()));
  return certificate;
}

// That the ledger is this root's, with at least the two certificates with which every ledger begins.
absl::Status CheckLedger(Database& ledger, const std::string& dir, const Certificate& root,
                         const Certificate& issuing) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> owner, ledger.Query("SELECT fingerprint FROM root"));
  if (owner.size() != 1 || owner[0].Text(0) != root.fingerprint()) {
    return Damaged(dir, "ledger.db is empty or belongs to another root");
  }
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> known,
                           ledger.Query("SELECT COUNT(*) FROM certificate WHERE fingerprint IN (?, ?)",
                                        {root.fingerprint(), issuing.fingerprint()}));
  if (known.size() != 1 || known[0].Int(0) != 2) {
    return Damaged(dir, "ledger.db does not know root.pem and issuing.pem");
  }
  return absl::OkStatus();
}

// Makes the files of a new Network Root in `dir`.
absl::Status Populate(const std::string& dir, const std::string& network, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const PrivateKey root_key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate root, IssueRoot(network, root_key, {now - kBackdate, now + kRootLife}));
  PARANET_ASSIGN_OR_RETURN(const PrivateKey issuing_key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate issuing, IssueAuthority(issuing_key.public_key(), root, root_key,
                                                                     {now - kBackdate, now + kIssuingLife}));
  PARANET_RETURN_IF_ERROR(root_key.Save(dir + kRootKeyFile));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(dir + kRootFile, root.ToPem(), 0600));
  PARANET_RETURN_IF_ERROR(issuing_key.Save(dir + kIssuingKeyFile));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(dir + kIssuingFile, issuing.ToPem(), 0600));
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<Database> ledger, Database::Open(dir + kLedgerFile, Migrations()));
  return ledger->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(
        ledger->Execute("INSERT INTO root (fingerprint, network) VALUES (?, ?)", {root.fingerprint(), network}));
    PARANET_RETURN_IF_ERROR(Record(*ledger, root, "", now));
    return Record(*ledger, issuing, "", now);
  });
}

}  // namespace

NetworkRoot::NetworkRoot(std::string network, Certificate root, Certificate issuing, PrivateKey issuing_key,
                         std::shared_ptr<const TrustStore> trust, std::unique_ptr<Database> ledger, const Clock* clock)
    : network_(std::move(network)),
      root_(std::move(root)),
      issuing_(std::move(issuing)),
      issuing_key_(std::move(issuing_key)),
      trust_(std::move(trust)),
      ledger_(std::move(ledger)),
      clock_(clock) {}

absl::StatusOr<std::unique_ptr<NetworkRoot>> NetworkRoot::Create(const std::string& dir, const std::string& network,
                                                                 const Clock* clock) {
  PARANET_RETURN_IF_ERROR(CreateDirectoryAtomically(
      dir, [&](const std::string& temporary) { return Populate(temporary, network, clock->Now()); }));
  return Open(dir, clock);
}

absl::StatusOr<std::unique_ptr<NetworkRoot>> NetworkRoot::Open(const std::string& dir, const Clock* clock) {
  struct stat info;
  if (stat((dir + kRootFile).c_str(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat("there is no Network Root in ", dir, ": make one (paranet root init)"));
  }
  PARANET_ASSIGN_OR_RETURN(Certificate root, ReadCertificate(dir, kRootFile));
  PARANET_ASSIGN_OR_RETURN(Certificate issuing, ReadCertificate(dir, kIssuingFile));
  absl::StatusOr<std::shared_ptr<const TrustStore>> trust = TrustStore::Create({root});
  if (!trust.ok()) return Damaged(dir, absl::StrCat("root.pem: ", trust.status().message()));

  absl::StatusOr<PrivateKey> issuing_key = PrivateKey::Load(dir + kIssuingKeyFile);
  if (absl::IsNotFound(issuing_key.status())) return Damaged(dir, "issuing.key.pem is missing");
  if (!issuing_key.ok()) return issuing_key.status();
  if (issuing_key->public_key() != issuing.public_key()) {
    return Damaged(dir, "issuing.key.pem and issuing.pem do not belong together");
  }
  if (issuing.issuer_der() != root.subject_der() || issuing.authority_key_id() != root.subject_key_id()) {
    return Damaged(dir, "root.pem and issuing.pem do not belong together");
  }

  // Database::Open would make a new ledger, and a Network Root without its past is none.
  if (stat((dir + kLedgerFile).c_str(), &info) != 0) return Damaged(dir, "ledger.db is missing");
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Database> ledger, Database::Open(dir + kLedgerFile, Migrations()));
  PARANET_RETURN_IF_ERROR(CheckLedger(*ledger, dir, root, issuing));
  std::string network = (*trust)->roots()[0].network;
  return std::unique_ptr<NetworkRoot>(new NetworkRoot(std::move(network), std::move(root), std::move(issuing),
                                                      *std::move(issuing_key), *std::move(trust), std::move(ledger),
                                                      clock));
}

absl::StatusOr<CertificateChain> NetworkRoot::IssueLeaf(const LeafNames& names, absl::string_view public_key,
                                                        const Validity& validity) {
  const absl::Time now = clock_->Now();
  if (names.identity.network != network_) {
    return absl::PermissionDeniedError(absl::StrCat("the Network Root of ", network_,
                                                    " cannot issue a certificate for ", names.identity.ToUri(),
                                                    ": ask that network's root"));
  }
  if (now > issuing_.not_after()) {
    return absl::FailedPreconditionError(absl::StrCat("the issuing authority of network ", network_, " expired on ",
                                                      absl::FormatTime(issuing_.not_after(), absl::UTCTimeZone()),
                                                      ": a new one must be certified by the root key"));
  }
  PARANET_ASSIGN_OR_RETURN(
      Certificate leaf, pki::IssueLeaf(names, public_key, issuing_, issuing_key_,
                                       {validity.not_before.value_or(now - kBackdate),
                                        validity.not_after.value_or(std::min(now + kLeafLife, issuing_.not_after()))}));
  PARANET_RETURN_IF_ERROR(Record(*ledger_, leaf, names.identity.ToUri(), now));
  return CertificateChain({std::move(leaf), issuing_});
}

absl::StatusOr<CertificateChain> NetworkRoot::Issue(const CertificateRequest& request, const Validity& validity) {
  return IssueLeaf(request.names(), request.public_key(), validity);
}

absl::StatusOr<NetworkRoot::IssuedKey> NetworkRoot::IssueWithNewKey(const LeafNames& names, const Validity& validity) {
  PARANET_ASSIGN_OR_RETURN(PrivateKey key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(CertificateChain chain, IssueLeaf(names, key.public_key(), validity));
  return IssuedKey{std::move(key), std::move(chain)};
}

absl::StatusOr<std::vector<NetworkRoot::Entry>> NetworkRoot::List() const {
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                           ledger_->Query("SELECT serial, identity, subject, not_before, not_after, issued_at, "
                                          "fingerprint FROM certificate ORDER BY number"));
  std::vector<Entry> entries;
  entries.reserve(rows.size());
  for (const SqlRow& row : rows) {
    entries.push_back({.serial = row.Text(0),
                       .identity = row.Text(1),
                       .subject = row.Text(2),
                       .not_before = absl::FromUnixSeconds(row.Int(3)),
                       .not_after = absl::FromUnixSeconds(row.Int(4)),
                       .issued_at = absl::FromUnixSeconds(row.Int(5)),
                       .fingerprint = row.Text(6)});
  }
  return entries;
}

}  // namespace paranet::pki
