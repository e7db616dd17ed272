// The packages that a node has, as files for its actors to be loaded from.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_STORE_H_
#define PARANET_CORE_PACKAGE_PACKAGE_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
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
  static constexpr uint64_t kDefaultMaxBytes = uint64_t{4} << 30;

  // Makes DIR/packages if missing and deletes what a crash left of packages half written or half removed. All packages
  // together have at most `max_bytes`, as the sizes of their files.
  static absl::StatusOr<std::unique_ptr<PackageStore>> Open(const std::string& dir,
                                                            uint64_t max_bytes = kDefaultMaxBytes);

  // Stores `package`, which ParseArchive or BuildPackage made, and returns Path(digest). If it is there and sound,
  // nothing changes; if it is damaged, it is replaced. Durable when this returns. RESOURCE_EXHAUSTED if there is no
  // room for it.
  absl::StatusOr<std::string> Put(const Package& package);

  // The manifest of a stored package, after every file was found to be as it says. NOT_FOUND if there is no such
  // package; DATA_LOSS, naming the file, if one is missing or altered. Files that the manifest does not name are
  // ignored: actors may leave some (Python does).
  absl::StatusOr<v1::Manifest> Load(absl::string_view digest) const;

  // The package as it was put, without its signature, which whoever deployed it keeps; errors as in Load.
  absl::StatusOr<Package> Read(absl::string_view digest) const;

  // The folder of the package's files: the `dir` of StartPackage. Says nothing about whether it exists.
  std::string Path(absl::string_view digest) const;

  // Bytes of the package's files and manifest; 0 if it is not there.
  uint64_t Size(absl::string_view digest) const;

  // OK if it is not there.
  absl::Status Remove(absl::string_view digest);

  // Removes all packages but those in `keep`. The first error, after all others were tried.
  absl::Status Collect(const std::set<std::string>& keep);

 private:
  PackageStore(std::string dir, uint64_t max_bytes) : dir_(std::move(dir)), max_bytes_(max_bytes) {}

  std::string Home(absl::string_view digest) const;
  absl::Status CheckRoom(const Package& package, uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status RemoveLocked(absl::string_view digest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // DIR/packages.
  const std::string dir_;
  const uint64_t max_bytes_;
  // Held while packages come and go.
  mutable absl::Mutex mu_;
  // By digest.
  std::map<std::string, uint64_t, std::less<>> sizes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_STORE_H_
