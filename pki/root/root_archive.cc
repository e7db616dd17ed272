#include "pki/root/root_archive.h"

#include <sys/stat.h>

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "openssl/mem.h"
#include "pki/private_key.h"
#include "pki/root/audit_trail.h"

namespace paranet::pki {
namespace {

constexpr size_t kMaxFile = size_t{1} << 30;
constexpr char kLedger[] = "ledger.db";

absl::StatusOr<SecretString> ReadSecret(const std::string& path) {
  PARANET_ASSIGN_OR_RETURN(std::string content, ReadFile(path, kMaxFile));
  SecretString secret(content);
  OPENSSL_cleanse(content.data(), content.size());
  return secret;
}

// Adds `name` of the directory to `files`, if it is there.
absl::Status AddFile(const std::string& dir, const std::string& name, std::vector<BackupFile>& files) {
  absl::StatusOr<SecretString> content = ReadSecret(absl::StrCat(dir, "/", name));
  if (absl::IsNotFound(content.status())) return absl::OkStatus();
  if (!content.ok()) return content.status();
  files.push_back({.name = name, .content = *std::move(content)});
  return absl::OkStatus();
}

absl::Status AddAuthority(const RootState& state, const RootState::View& view, const Authority& authority,
                          const std::optional<SecretString>& passphrase, std::vector<BackupFile>& files) {
  PARANET_RETURN_IF_ERROR(AddFile(state.dir(), authority.stem + ".pem", files));
  const std::string key_file = authority.stem + ".key.pem";
  const auto key = view.issuing_keys.find(authority.certificate.fingerprint());
  if (key == view.issuing_keys.end() || !passphrase.has_value()) return AddFile(state.dir(), key_file, files);
  PARANET_ASSIGN_OR_RETURN(const std::string encrypted, key->second.ToEncryptedPem(*passphrase));
  files.push_back({.name = key_file, .content = SecretString(encrypted)});
  return absl::OkStatus();
}

}  // namespace

absl::Status BackUpRoot(RootState& state, const std::string& path, const std::optional<SecretString>& passphrase,
                        const std::string& actor, absl::Time now) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(path, " is there already: give the backup another name"));
  }
  // Nobody makes or removes keys meanwhile.
  PARANET_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::Acquire(state.dir()));
  Database& database = state.ledger().database();
  PARANET_RETURN_IF_ERROR(state.ledger().Commit([&] {
    return AppendAudit(
               database,
               {.time = now, .actor = actor, .event = "backup", .subject = state.network(), .detail = path, .hash = ""})
        .status();
  }));
  PARANET_ASSIGN_OR_RETURN(const TemporaryDirectory temporary, TemporaryDirectory::Create("paranet-backup"));
  const std::string copy = absl::StrCat(temporary.path(), "/", kLedger);
  PARANET_RETURN_IF_ERROR(database.Execute("VACUUM INTO ?", {copy}));
  std::vector<BackupFile> files;
  PARANET_RETURN_IF_ERROR(AddFile(temporary.path(), kLedger, files));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
  for (const Authority& authority : view->authorities) {
    PARANET_RETURN_IF_ERROR(AddAuthority(state, *view, authority, passphrase, files));
  }
  PARANET_ASSIGN_OR_RETURN(const SecretString backup, EncodeBackup(files));
  return Annotate(WriteFileAtomically(path, backup.view(), 0600), "backup");
}

absl::StatusOr<std::vector<BackupFile>> ReadBackup(const std::string& path) {
  absl::StatusOr<SecretString> bytes = ReadSecret(path);
  if (!bytes.ok()) return Annotate(bytes.status(), "backup");
  absl::StatusOr<std::vector<BackupFile>> files = DecodeBackup(bytes->view());
  if (!files.ok()) return Annotate(files.status(), path);
  return files;
}

absl::Status UnpackBackup(const std::vector<BackupFile>& files, const std::string& dir,
                          const std::optional<SecretString>& passphrase) {
  for (const BackupFile& file : files) {
    const std::string path = absl::StrCat(dir, "/", file.name);
    if (absl::StartsWith(file.name, kIssuingStem) && absl::EndsWith(file.name, ".key.pem")) {
      const absl::StatusOr<PrivateKey> key = PrivateKey::FromPem(file.content.view(), passphrase);
      if (!key.ok()) return Annotate(key.status(), absl::StrCat("backup: ", file.name));
      PARANET_RETURN_IF_ERROR(key->Save(path));
    } else {
      PARANET_RETURN_IF_ERROR(WriteFileAtomically(path, file.content.view(), 0600));
    }
  }
  return absl::OkStatus();
}

}  // namespace paranet::pki
