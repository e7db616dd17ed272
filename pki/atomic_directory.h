// A directory that appears with all its files or not at all.
#ifndef PARANET_PKI_ATOMIC_DIRECTORY_H_
#define PARANET_PKI_ATOMIC_DIRECTORY_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace paranet::pki {

// Makes directory `path` (0700; missing parents too) with what `fill` puts into the directory whose path it is given,
// which is a temporary one beside it, then renamed. If `fill` returns an error or the rename fails nothing is left.
// ALREADY_EXISTS if `path` is anything but an empty directory: nothing is ever overwritten. `fill` leaves nothing open
// that must be closed before a rename.
absl::Status CreateDirectoryAtomically(const std::string& path,
                                       absl::FunctionRef<absl::Status(const std::string&)> fill);

// Puts a directory (0700; missing parents are made) with what `fill` makes in the place of `path`, which need not be
// there: after a crash there is the old one or the new one, whole and on disk. Otherwise as above. `path`.new is used
// and, where a crash left one, replaced; two callers must not do this to one `path` at the same time.
absl::Status ReplaceDirectoryAtomically(const std::string& path,
                                        absl::FunctionRef<absl::Status(const std::string&)> fill);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ATOMIC_DIRECTORY_H_
