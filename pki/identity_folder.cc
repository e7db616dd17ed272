#include "pki/identity_folder.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/atomic_directory.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

constexpr char kKeyFile[] = "/key.pem";
constexpr char kChainFile[] = "/chain.pem";
constexpr char kRootsFile[] = "/roots.pem";
constexpr size_t kMaxFile = size_t{1} << 20;

absl::Status CheckKeyBelongs(const PrivateKey& key, const CertificateChain& chain, absl::string_view where) {
  if (!chain.empty() && chain.leaf().public_key() == key.public_key()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(where,
                   ": the private key is not the one that the first certificate of the chain is for; put key and "
                   "chain of one and the same issue there"));
}

}  // namespace

absl::StatusOr<IdentityFiles> ReadIdentityFiles(const std::string& dir) {
  struct stat info;
  if (stat(dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return absl::NotFoundError(
        absl::StrCat("there is no identity folder ", dir, ": have a certificate issued (paranet root issue)"));
  }
  PARANET_ASSIGN_OR_RETURN(PrivateKey key, PrivateKey::Load(dir + kKeyFile));
  PARANET_ASSIGN_OR_RETURN(const std::string chain_pem, ReadFile(dir + kChainFile, kMaxFile));
  absl::StatusOr<CertificateChain> chain = CertificateChain::FromPem(chain_pem);
  if (!chain.ok()) return Annotate(chain.status(), dir + kChainFile);
  PARANET_ASSIGN_OR_RETURN(const std::string roots_pem, ReadFile(dir + kRootsFile, kMaxFile));
  absl::StatusOr<std::shared_ptr<const TrustStore>> trust = TrustStore::FromPem(roots_pem);
  if (!trust.ok()) return Annotate(trust.status(), dir + kRootsFile);

  PARANET_RETURN_IF_ERROR(CheckKeyBelongs(key, *chain, dir));
  return IdentityFiles{std::move(key), *std::move(chain), *std::move(trust)};
}

absl::Status WriteIdentityFiles(const std::string& dir, const PrivateKey& key, const CertificateChain& chain,
                                const TrustStore& trust) {
  PARANET_RETURN_IF_ERROR(CheckKeyBelongs(key, chain, dir));
  PARANET_RETURN_IF_ERROR(key.Save(dir + kKeyFile));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(dir + kChainFile, chain.ToPem(), 0600));
  return WriteFileAtomically(dir + kRootsFile, trust.ToPem(), 0600);
}

absl::StatusOr<IdentityFolder> LoadIdentityFolder(const std::string& dir, const std::vector<Role>& roles,
                                                  absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(IdentityFiles files, ReadIdentityFiles(dir));
  const VerifyResult result = VerifyChain(files.chain, *files.trust, {.time = now, .roles = roles});
  if (!result.ok()) return Annotate(result.ToStatus(), dir);
  return IdentityFolder{*result.identity, std::move(files.key), std::move(files.chain), std::move(files.trust)};
}

absl::Status WriteIdentityFolder(const std::string& dir, const PrivateKey& key, const CertificateChain& chain,
                                 const TrustStore& trust) {
  PARANET_RETURN_IF_ERROR(CheckKeyBelongs(key, chain, dir));
  return CreateDirectoryAtomically(dir, [&](const std::string& temporary) -> absl::Status {
    return WriteIdentityFiles(temporary, key, chain, trust);
  });
}

}  // namespace paranet::pki
