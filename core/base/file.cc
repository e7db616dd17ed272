#include "core/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"

namespace paranet {
namespace {

// "cannot WHAT PATH: Permission denied".
absl::Status ErrnoError(absl::string_view what, absl::string_view path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

absl::Status CheckPath(absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError("the path of a file is empty");
  if (path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("the path of a file has a zero byte in it");
  }
  return absl::OkStatus();
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

absl::Status WriteAll(int fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("write", path);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open the directory", path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  // Some file systems cannot sync a directory, and say so with EINVAL.
  if (fsync(fd) != 0 && errno != EINVAL) return ErrnoError("sync the directory", path);
  return absl::OkStatus();
}

absl::Status MakeOneDirectory(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0) {
    // The umask has taken bits away.
    if (chmod(path.c_str(), mode) != 0) return ErrnoError("set the mode of", path);
    return absl::OkStatus();
  }
  const int error = errno;
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("cannot make the directory ", path, ": a file is in its place"));
  }
  errno = error;
  return ErrnoError("make the directory", path);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  PARANET_RETURN_IF_ERROR(CheckPath(path));
  // O_NONBLOCK: a FIFO in the file's place must not hold us up.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoError("read", path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoError("read", path);
  if (!S_ISREG(info.st_mode))
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": no regular file"));
  const absl::Status too_large =
      absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": larger than ", max_bytes, " bytes"));
  if (static_cast<uint64_t>(info.st_size) > max_bytes) return too_large;
  std::string content;
  // What the kernel makes up as it is read (/proc) has no size before.
  size_t room = static_cast<size_t>(info.st_size) + 1;
  while (true) {
    const size_t have = content.size();
    content.resize(have + room);
    const ssize_t got = read(fd, content.data() + have, room);
    if (got < 0 && errno != EINTR) return ErrnoError("read", path);
    content.resize(have + static_cast<size_t>(got < 0 ? 0 : got));
    if (got == 0) return content;
    if (content.size() > max_bytes) return too_large;
    room = 4096;
  }
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, unsigned mode) {
  PARANET_RETURN_IF_ERROR(CheckPath(path));
  const std::string directory = ParentOf(path);
  std::string temporary = absl::StrCat(directory, "/.", std::filesystem::path(path).filename().string(), ".XXXXXX");
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoError("write", path);
  absl::Cleanup remove = [&temporary] { unlink(temporary.c_str()); };
  {
    absl::Cleanup close_fd = [fd] { close(fd); };
    if (fchmod(fd, mode) != 0) return ErrnoError("set the mode of", path);
    PARANET_RETURN_IF_ERROR(WriteAll(fd, content, path));
    if (fsync(fd) != 0) return ErrnoError("sync", path);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return ErrnoError("replace", path);
  std::move(remove).Cancel();
  return SyncDirectory(directory);
}

absl::Status MakeDirectories(const std::string& path, unsigned mode) {
  PARANET_RETURN_IF_ERROR(CheckPath(path));
  const std::string whole(absl::StripSuffix(path, "/"));
  for (size_t slash = whole.find('/', 1); slash != std::string::npos; slash = whole.find('/', slash + 1)) {
    PARANET_RETURN_IF_ERROR(MakeOneDirectory(whole.substr(0, slash), 0700));
  }
  return MakeOneDirectory(whole.empty() ? path : whole, mode);
}

absl::Status CheckPrivate(const std::string& path) {
  PARANET_RETURN_IF_ERROR(CheckPath(path));
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoError("check", path);
  if (info.st_uid != geteuid()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " belongs to user ", info.st_uid, ", not to user ", geteuid(), " who runs this"));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is open to other users (mode %04o): run chmod go= %s", path, info.st_mode & 07777u, path));
  }
  return absl::OkStatus();
}

absl::Status RemoveAll(const std::string& path) {
  PARANET_RETURN_IF_ERROR(CheckPath(path));
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return absl::OkStatus();
  errno = error.value();
  return ErrnoError("remove", path);
}

absl::StatusOr<TemporaryDirectory> TemporaryDirectory::Create(absl::string_view prefix) {
  PARANET_RETURN_IF_ERROR(CheckPath(prefix));
  if (prefix.find('/') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("the prefix ", prefix, " of a temporary directory has a slash"));
  }
  const char* base = std::getenv("TMPDIR");
  std::string path = absl::StrCat(base == nullptr || *base == '\0' ? "/tmp" : base, "/", prefix, ".XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return ErrnoError("make a temporary directory", path);
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty()) RemoveAll(path_).IgnoreError();
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  if (this != &other) {
    if (!path_.empty()) RemoveAll(path_).IgnoreError();
    path_ = std::exchange(other.path_, std::string());
  }
  return *this;
}

absl::StatusOr<DirectoryLock> DirectoryLock::Acquire(const std::string& dir) {
  PARANET_RETURN_IF_ERROR(CheckPath(dir));
  const std::string path = dir + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoError("open", path);
  DirectoryLock lock(fd);
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return ErrnoError("lock", path);
    char text[24] = {};
    const ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    int64_t holder = 0;
    // The holder may be between taking the lock and writing its id.
    const bool known = got > 0 && absl::SimpleAtoi(text, &holder);
    return absl::FailedPreconditionError(absl::StrCat(
        dir, " is in use by ", known ? absl::StrCat("process ", holder) : "another process", ": stop that first"));
  }
  if (ftruncate(fd, 0) != 0) return ErrnoError("write", path);
  PARANET_RETURN_IF_ERROR(WriteAll(fd, absl::StrCat(getpid(), "\n"), path));
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) close(fd_);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

}  // namespace paranet
