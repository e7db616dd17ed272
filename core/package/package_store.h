// The packages that a node has, as files for its actors to be loaded from.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_STORE_H_
#define PARANET_CORE_PACKAGE_PACKAGE_STORE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/package/package.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// Content-addressed: DIR/packages/DIGEST/manifest is the serialized manifest, whose SHA-256 DIGEST is, and
// DIR/packages/DIGEST/files/ has the files. Folders have mode 0700, files 0600 or, where executable, 0700. A package is
// there entirely or not at all, even after a crash.
//
// Thread-safe. One per directory at a time (the node's lock on its data directory sees to that).
class PackageStore {
 public:
  // Makes DIR/packages if missing and deletes what a crash left of packages half written or half removed.
  static absl::StatusOr<std::unique_ptr<PackageStore>> Open(const std::string& dir);

  // Stores `package`, which ParseArchive or BuildPackage made, and returns Path(digest). If it is there and sound,
  // nothing changes; if it is damaged, it is replaced. Durable when this returns.
  absl::StatusOr<std::string> Put(const Package& package);

  // The manifest of a stored package, after every file was found to be as it says. NOT_FOUND if there is no such
  // package; DATA_LOSS, naming the file, if one is missing or altered. Files that the manifest does not name are
  // ignored: actors may leave some (Python does).
  absl::StatusOr<v1::Manifest> Load(absl::string_view digest) const;

  // The folder of the package's files: the `dir` of StartPackage. Says nothing about whether it exists.
  std::string Path(absl::string_view digest) const;

  // OK if it is not there.
  absl::Status Remove(absl::string_view digest);

 private:
  explicit PackageStore(std::string dir) : dir_(std::move(dir)) {}

  std::string Home(absl::string_view digest) const;
  absl::Status RemoveLocked(absl::string_view digest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // DIR/packages.
  const std::string dir_;
  // Held while packages come and go.
  absl::Mutex mu_;
};

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_STORE_H_
