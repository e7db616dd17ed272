#include "tools/daemon/installed_identity.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/identity_folder.h"

namespace paranet::daemon {
namespace {

std::string TestMark(const std::string& data_dir) { return absl::StrCat(data_dir, "/test-node"); }

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

InstalledKind ReadInstalledKind(const std::string& data_dir) {
  if (Exists(InstalledIdentityDir(data_dir))) return InstalledKind::kStandard;
  return Exists(TestMark(data_dir)) ? InstalledKind::kTest : InstalledKind::kNone;
}

std::string InstalledIdentityDir(const std::string& data_dir) { return absl::StrCat(data_dir, "/identity"); }

absl::Status InstallIdentity(const std::string& data_dir, const pki::NodeIdentity& identity) {
  const std::string dir = InstalledIdentityDir(data_dir);
  const std::string fresh = absl::StrCat(dir, ".new");
  PARANET_RETURN_IF_ERROR(RemoveAll(fresh));
  PARANET_RETURN_IF_ERROR(pki::WriteIdentityFolder(fresh, identity.key(), identity.chain(), *identity.trust()));
  // Exchanged, so that at every moment there is one whole identity.
  const unsigned flags = Exists(dir) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, dir.c_str(), flags) != 0) {
    return absl::InternalError(absl::StrCat("cannot put the identity in ", dir, ": ", std::strerror(errno)));
  }
  PARANET_RETURN_IF_ERROR(RemoveAll(fresh));
  return RemoveAll(TestMark(data_dir));
}

absl::Status MarkAsTestNode(const std::string& data_dir) { return WriteFileAtomically(TestMark(data_dir), "", 0600); }

}  // namespace paranet::daemon
