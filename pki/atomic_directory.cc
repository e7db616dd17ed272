#include "pki/atomic_directory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"

namespace paranet::pki {
namespace {

absl::Status AlreadyThere(const std::string& path) {
  return absl::AlreadyExistsError(
      absl::StrCat(path,
                   " is there already and not empty, and is not overwritten: give another directory, or move it "
                   "away"));
}

// A rename is on disk once the directory is that holds it.
absl::Status Sync(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", directory));
  const bool ok = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  return ok ? absl::OkStatus() : absl::ErrnoToStatus(error, absl::StrCat("cannot sync ", directory));
}

// Without a slash at the end, so that what is made beside it does not end up within.
absl::StatusOr<std::string> Normalize(const std::string& path) {
  std::error_code error;
  std::string target = std::filesystem::absolute(path, error).lexically_normal().string();
  if (error) return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is no path"));
  while (target.size() > 1 && target.back() == '/') target.pop_back();
  return target;
}

}  // namespace

absl::Status CreateDirectoryAtomically(const std::string& path,
                                       absl::FunctionRef<absl::Status(const std::string&)> fill) {
  std::error_code error;
  PARANET_ASSIGN_OR_RETURN(const std::string target, Normalize(path));
  const std::string parent = std::filesystem::path(target).parent_path().string();

  // Refuses early, before any key is made; the rename below decides.
  struct stat info;
  if (lstat(target.c_str(), &info) == 0 && (!S_ISDIR(info.st_mode) || !std::filesystem::is_empty(target, error))) {
    return AlreadyThere(path);
  }
  PARANET_RETURN_IF_ERROR(MakeDirectories(parent));
  std::string temporary = absl::StrCat(target, ".new-XXXXXX");
  // 0700.
  if (mkdtemp(temporary.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a directory in ", parent));
  }
  absl::Cleanup remove = [&] { RemoveAll(temporary).IgnoreError(); };
  PARANET_RETURN_IF_ERROR(fill(temporary));
  PARANET_RETURN_IF_ERROR(Sync(temporary));
  if (rename(temporary.c_str(), target.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) return AlreadyThere(path);
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  }
  std::move(remove).Cancel();
  return Sync(parent);
}

absl::Status ReplaceDirectoryAtomically(const std::string& path,
                                        absl::FunctionRef<absl::Status(const std::string&)> fill) {
  PARANET_ASSIGN_OR_RETURN(const std::string target, Normalize(path));
  const std::string parent = std::filesystem::path(target).parent_path().string();
  const std::string fresh = absl::StrCat(target, ".new");
  PARANET_RETURN_IF_ERROR(MakeDirectories(parent));
  PARANET_RETURN_IF_ERROR(RemoveAll(fresh));
  if (mkdir(fresh.c_str(), 0700) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a directory in ", parent));
  }
  // After the exchange, this is the old one.
  const absl::Cleanup remove = [&] { RemoveAll(fresh).IgnoreError(); };
  PARANET_RETURN_IF_ERROR(fill(fresh));
  PARANET_RETURN_IF_ERROR(Sync(fresh));
  struct stat info;
  const unsigned flags = lstat(target.c_str(), &info) == 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), flags) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot replace ", path));
  }
  return Sync(parent);
}

}  // namespace paranet::pki
