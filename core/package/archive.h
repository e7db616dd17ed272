// The archive form of a package; package.proto has the format.
#ifndef PARANET_CORE_PACKAGE_ARCHIVE_H_
#define PARANET_CORE_PACKAGE_ARCHIVE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/package/package.h"

namespace paranet {

// No archive is longer: read no more than this from a file or a peer.
inline constexpr size_t kMaxArchiveBytes = size_t{264} << 20;

// The same package makes the same bytes. INVALID_ARGUMENT if the manifest is not valid (CheckManifest) or is not what
// its bytes say, or if the files are not those of the manifest.
absl::StatusOr<std::string> SerializeArchive(const Package& package);

// A package from foreign bytes. What comes back is whole and consistent: a valid manifest (CheckManifest) and exactly
// its files, each of the declared size and SHA-256. Whether to trust it is for VerifyPackageSignature to say. Needs
// memory for no more than the limits allow (manifest_check.h), whatever the archive declares.
//
// INVALID_ARGUMENT if the bytes are no package, or one that breaks the rules. DATA_LOSS if it was one, but is truncated
// or damaged. Each names the file that it is about.
absl::StatusOr<Package> ParseArchive(absl::string_view bytes);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_ARCHIVE_H_
