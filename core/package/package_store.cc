#include "core/package/package_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/manifest_check.h"
#include "core/package/sha256.h"

namespace paranet {

namespace {

// Of folders that are being written or removed.
constexpr absl::string_view kTemporaryPrefix = ".tmp-";
constexpr char kManifestName[] = "manifest";
constexpr char kFilesName[] = "files";

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

absl::Status ErrnoError(absl::string_view what, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", Quoted(path)));
}

absl::Status CheckDigest(absl::string_view digest) {
  bool hexadecimal = digest.size() == 64;
  for (const char c : digest)
    hexadecimal = hexadecimal && (absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f'));
  if (hexadecimal) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(digest), " is not the digest of a package: 64 hexadecimal digits"));
}

// A file that is not there yet, on disk when this returns.
absl::Status WriteNewFile(const std::string& path, absl::string_view content, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return ErrnoError("make", path);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  // The mode as asked for, whatever the umask.
  if (fchmod(fd, mode) != 0) return ErrnoError("set the mode of", path);
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(fd) != 0) return ErrnoError("write", path);
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  if (fsync(fd) != 0) return ErrnoError("write", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MakeTemporaryFolder(const std::string& dir) {
  std::string path = absl::StrCat(dir, "/", kTemporaryPrefix, "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return ErrnoError("make", path);
  // The umask may have taken bits away.
  if (chmod(path.c_str(), 0700) != 0) return ErrnoError("set the mode of", path);
  return path;
}

// Everything of `package` below `home`, which is empty, on disk when this returns.
absl::Status WritePackage(const Package& package, const std::string& home) {
  PARANET_RETURN_IF_ERROR(WriteNewFile(absl::StrCat(home, "/", kManifestName), package.manifest_bytes, 0600));
  const std::string files = absl::StrCat(home, "/", kFilesName);
  PARANET_RETURN_IF_ERROR(MakeDirectories(files));
  std::set<std::string> folders = {home, files};
  for (const v1::PackageFile& file : package.manifest.files()) {
    const auto content = package.files.find(file.path());
    if (content == package.files.end()) {
      return absl::InvalidArgumentError(absl::StrCat("package lacks file ", Quoted(file.path()), " of its manifest"));
    }
    for (size_t slash = file.path().find('/'); slash != std::string::npos; slash = file.path().find('/', slash + 1)) {
      const std::string folder = absl::StrCat(files, "/", file.path().substr(0, slash));
      if (folders.insert(folder).second) PARANET_RETURN_IF_ERROR(MakeDirectories(folder));
    }
    PARANET_RETURN_IF_ERROR(
        WriteNewFile(absl::StrCat(files, "/", file.path()), content->second, file.executable() ? 0700 : 0600));
  }
  for (const std::string& folder : folders) PARANET_RETURN_IF_ERROR(SyncFolder(folder));
  return absl::OkStatus();
}

absl::Status Altered(absl::string_view path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("file ", Quoted(path), " of a deployed package ", what, "; deploy it again"));
}

absl::Status CheckStoredFile(const std::string& files, const v1::PackageFile& file) {
  const std::string path = absl::StrCat(files, "/", file.path());
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Altered(path, "is missing");
    return ErrnoError("look at", path);
  }
  if (!S_ISREG(info.st_mode)) return Altered(path, "was replaced by something that is not a file");
  if (static_cast<uint64_t>(info.st_size) != file.size()) {
    return Altered(path, absl::StrCat("was altered: it has ", info.st_size, " bytes instead of ", file.size()));
  }
  if (((info.st_mode & S_IXUSR) != 0) != file.executable()) {
    return Altered(
        path, file.executable() ? "was altered: it is no longer executable" : "was altered: it has become executable");
  }
  PARANET_ASSIGN_OR_RETURN(const std::string content, ReadFile(path, kMaxPackageBytes));
  if (Sha256(content) != file.sha256()) return Altered(path, "was altered: its SHA-256 is not that of the manifest");
  return absl::OkStatus();
}

// What a package takes, as Put counts it.
uint64_t SizeOf(const Package& package) {
  uint64_t size = package.manifest_bytes.size();
  for (const auto& [path, content] : package.files) size += content.size();
  return size;
}

// The sizes of all regular files below `home`; what cannot be looked at counts nothing.
uint64_t SizeOnDisk(const std::string& home) {
  uint64_t size = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(home, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code skipped;
    if (!entry->is_regular_file(skipped) || entry->is_symlink(skipped)) continue;
    const uint64_t bytes = entry->file_size(skipped);
    if (!skipped) size += bytes;
  }
  return size;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PackageStore>> PackageStore::Open(const std::string& dir, uint64_t max_bytes) {
  const std::string packages = absl::StrCat(dir, "/packages");
  PARANET_RETURN_IF_ERROR(MakeDirectories(packages));
  std::vector<std::string> stale;
  std::map<std::string, uint64_t, std::less<>> sizes;
  std::error_code error;
  std::filesystem::directory_iterator entry(packages, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (absl::StartsWith(name, kTemporaryPrefix)) stale.push_back(entry->path().string());
    if (CheckDigest(name).ok()) sizes.emplace(name, SizeOnDisk(entry->path().string()));
  }
  if (error) return absl::PermissionDeniedError(absl::StrCat("cannot read ", Quoted(packages), ": ", error.message()));
  for (const std::string& path : stale) PARANET_RETURN_IF_ERROR(RemoveAll(path));
  std::unique_ptr<PackageStore> store(new PackageStore(packages, max_bytes));
  absl::MutexLock lock(&store->mu_);
  store->sizes_ = std::move(sizes);
  return store;
}

std::string PackageStore::Home(absl::string_view digest) const { return absl::StrCat(dir_, "/", digest); }

std::string PackageStore::Path(absl::string_view digest) const { return absl::StrCat(Home(digest), "/", kFilesName); }

absl::StatusOr<std::string> PackageStore::Put(const Package& package) {
  const std::string digest = package.Digest();
  absl::MutexLock lock(&mu_);
  if (Load(digest).ok()) return Path(digest);
  const uint64_t size = SizeOf(package);
  PARANET_RETURN_IF_ERROR(CheckRoom(package, size));
  PARANET_ASSIGN_OR_RETURN(const std::string temporary, MakeTemporaryFolder(dir_));
  absl::Cleanup remove_temporary = [&temporary] { RemoveAll(temporary).IgnoreError(); };
  PARANET_RETURN_IF_ERROR(WritePackage(package, temporary));
  PARANET_RETURN_IF_ERROR(RemoveLocked(digest));
  const std::string home = Home(digest);
  if (rename(temporary.c_str(), home.c_str()) != 0) return ErrnoError("make", home);
  std::move(remove_temporary).Cancel();
  sizes_[digest] = size;
  PARANET_RETURN_IF_ERROR(SyncFolder(dir_));
  return Path(digest);
}

absl::Status PackageStore::CheckRoom(const Package& package, uint64_t size) {
  const std::string own = package.Digest();
  uint64_t used = 0;
  for (const auto& [digest, bytes] : sizes_) used += digest == own ? 0 : bytes;
  if (used <= max_bytes_ && size <= max_bytes_ - used) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("package ", package.manifest.id(), " ", package.manifest.version(), " has ", size,
                   " bytes, and the packages of ", "this node, former versions included, have ", used, " of the ",
                   max_bytes_, " that they may have; take away one that nobody needs with `paranet package undeploy`"));
}

absl::StatusOr<v1::Manifest> PackageStore::Load(absl::string_view digest) const {
  PARANET_RETURN_IF_ERROR(CheckDigest(digest));
  const std::string path = absl::StrCat(Home(digest), "/", kManifestName);
  const absl::StatusOr<std::string> bytes = ReadFile(path, kMaxManifestBytes);
  if (absl::IsNotFound(bytes.status())) {
    std::error_code error;
    if (std::filesystem::exists(Home(digest), error)) return Altered(path, "is missing");
    return absl::NotFoundError(absl::StrCat("package ", digest, " is not in the store; deploy it again"));
  }
  PARANET_RETURN_IF_ERROR(bytes.status());
  if (absl::BytesToHexString(Sha256(*bytes)) != digest) return Altered(path, "was altered");
  PARANET_ASSIGN_OR_RETURN(v1::Manifest manifest, ParseManifest(*bytes));
  for (const v1::PackageFile& file : manifest.files()) {
    PARANET_RETURN_IF_ERROR(CheckStoredFile(Path(digest), file));
  }
  return manifest;
}

absl::StatusOr<Package> PackageStore::Read(absl::string_view digest) const {
  Package package;
  PARANET_ASSIGN_OR_RETURN(package.manifest, Load(digest));
  PARANET_ASSIGN_OR_RETURN(package.manifest_bytes,
                           ReadFile(absl::StrCat(Home(digest), "/", kManifestName), kMaxManifestBytes));
  for (const v1::PackageFile& file : package.manifest.files()) {
    const std::string path = absl::StrCat(Path(digest), "/", file.path());
    PARANET_ASSIGN_OR_RETURN(std::string content, ReadFile(path, kMaxPackageBytes));
    package.files.emplace(file.path(), std::move(content));
  }
  return package;
}

uint64_t PackageStore::Size(absl::string_view digest) const {
  absl::MutexLock lock(&mu_);
  const auto found = sizes_.find(digest);
  return found == sizes_.end() ? 0 : found->second;
}

absl::Status PackageStore::Collect(const std::set<std::string>& keep) {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> garbage;
  for (const auto& [digest, size] : sizes_) {
    if (keep.count(digest) == 0) garbage.push_back(digest);
  }
  absl::Status first;
  for (const std::string& digest : garbage) first.Update(RemoveLocked(digest));
  return first;
}

absl::Status PackageStore::Remove(absl::string_view digest) {
  PARANET_RETURN_IF_ERROR(CheckDigest(digest));
  absl::MutexLock lock(&mu_);
  return RemoveLocked(digest);
}

absl::Status PackageStore::RemoveLocked(absl::string_view digest) {
  // First out of the way in one step, so that a crash leaves nothing half there.
  PARANET_ASSIGN_OR_RETURN(const std::string temporary, MakeTemporaryFolder(dir_));
  const absl::Cleanup remove_temporary = [&temporary] { RemoveAll(temporary).IgnoreError(); };
  const std::string home = Home(digest);
  if (rename(home.c_str(), absl::StrCat(temporary, "/", digest).c_str()) != 0 && errno != ENOENT) {
    return ErrnoError("remove", home);
  }
  if (const auto found = sizes_.find(digest); found != sizes_.end()) sizes_.erase(found);
  return SyncFolder(dir_);
}

}  // namespace paranet
