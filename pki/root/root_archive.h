// A Network Root's directory, into a backup (root_backup.h) and out of it.
#ifndef PARANET_PKI_ROOT_ROOT_ARCHIVE_H_
#define PARANET_PKI_ROOT_ROOT_ARCHIVE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pki/root/root_backup.h"
#include "pki/root/root_state.h"
#include "pki/secret_string.h"

namespace paranet::pki {

// NetworkRoot::Backup.
absl::Status BackUpRoot(RootState& state, const std::string& path, const std::optional<SecretString>& passphrase,
                        const std::string& actor, absl::Time now);

// NOT_FOUND; DATA_LOSS as DecodeBackup.
absl::StatusOr<std::vector<BackupFile>> ReadBackup(const std::string& path);

// Writes the files of a backup into `dir`, keys of issuing authorities without encryption. FAILED_PRECONDITION if they
// need a passphrase, PERMISSION_DENIED if it is not the right one.
absl::Status UnpackBackup(const std::vector<BackupFile>& files, const std::string& dir,
                          const std::optional<SecretString>& passphrase);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_ARCHIVE_H_
