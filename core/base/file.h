// Files and directories, with errors that say which file, and writes that are all or nothing.
#ifndef PARANET_CORE_BASE_FILE_H_
#define PARANET_CORE_BASE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

// The whole content of a regular file. NOT_FOUND if there is none; PERMISSION_DENIED; INVALID_ARGUMENT if it has more
// than `max_bytes` or is no regular file.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes = size_t{64} << 20);

// Replaces `path` by `content` atomically and durably: temporary file beside it, fsync, rename, fsync of the directory.
// After a crash there is the old content or the new. `mode` as in chmod(2), set before the content is written.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, unsigned mode = 0644);

// Makes `path` and its missing parents with `mode` (of the last component; parents get 0700). OK if it is there.
absl::Status MakeDirectories(const std::string& path, unsigned mode = 0700);

// INVALID_ARGUMENT unless `path` belongs to this user and neither group nor others have any right to it.
absl::Status CheckPrivate(const std::string& path);

// Deletes `path` and all below it; follows no symbolic link. OK if there is nothing.
absl::Status RemoveAll(const std::string& path);

// A new directory that only this user can enter, deleted with all its content by the destructor. Movable.
class TemporaryDirectory {
 public:
  static absl::StatusOr<TemporaryDirectory> Create(absl::string_view prefix = "paranet");
  ~TemporaryDirectory();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;

  const std::string& path() const { return path_; }
  // Leaves the directory where it is.
  void Keep() { path_.clear(); }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Holds an exclusive flock(2) on `DIR/lock` while it lives; the file has the holder's process id in it. The kernel
// releases it with the process, however that ends.
class DirectoryLock {
 public:
  // FAILED_PRECONDITION, naming the holder's process id, if another process has it.
  static absl::StatusOr<DirectoryLock> Acquire(const std::string& dir);
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace paranet

#endif  // PARANET_CORE_BASE_FILE_H_
