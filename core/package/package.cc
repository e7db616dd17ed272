#include "core/package/package.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/package/sha256.h"

namespace paranet {

std::string Package::Digest() const { return absl::BytesToHexString(Sha256(manifest_bytes)); }

std::string Package::FileName() const { return absl::StrCat(manifest.id(), "-", manifest.version(), ".paranet"); }

}  // namespace paranet
