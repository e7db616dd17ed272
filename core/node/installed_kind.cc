#include "core/node/installed_kind.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"

namespace paranet {
namespace {

std::string TestMark(const std::string& data_dir) { return absl::StrCat(data_dir, "/test-node"); }

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

InstalledKind ReadInstalledKind(const std::string& data_dir) {
  if (Exists(InstalledIdentityDir(data_dir))) return InstalledKind::kStandard;
  return Exists(TestMark(data_dir)) ? InstalledKind::kTest : InstalledKind::kNone;
}

std::string InstalledIdentityDir(const std::string& data_dir) { return absl::StrCat(data_dir, "/identity"); }

absl::Status MarkAsTestNode(const std::string& data_dir) {
  const std::string mark = TestMark(data_dir);
  return Exists(mark) ? absl::OkStatus() : WriteFileAtomically(mark, "", 0600);
}

absl::Status UnmarkTestNode(const std::string& data_dir) { return RemoveAll(TestMark(data_dir)); }

}  // namespace paranet
