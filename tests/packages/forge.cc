#include "tests/packages/forge.h"

#include <cstddef>
#include <cstdlib>
#include <iostream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/package/package_testutil.h"
#include "zstd.h"

namespace paranet {

namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value > 0x7F; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7F) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

}  // namespace

std::string Frame(absl::string_view content) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), 3));
  return frame;
}

Forge Forge::Of(const Package& package) {
  Forge forge;
  forge.fields.emplace_back(1, package.manifest_bytes);
  if (package.signature.has_value()) forge.fields.emplace_back(2, package.signature->SerializeAsString());
  for (const v1::PackageFile& file : package.manifest.files()) {
    const auto found = package.files.find(file.path());
    forge.fields.emplace_back(3, Frame(found == package.files.end() ? "" : found->second));
  }
  forge.fields.emplace_back(4, absl::HexStringToBytes(package.Digest()));
  return forge;
}

std::string& Forge::Field(int number) {
  for (auto& [known, content] : fields) {
    if (known == number) return content;
  }
  std::cerr << "the archive has no field " << number << "\n";
  std::abort();
}

std::string Forge::Bytes() const {
  std::string bytes = magic;
  for (const auto& [number, content] : fields) {
    absl::StrAppend(&bytes, Varint(static_cast<uint64_t>(number) << 3 | 2), Varint(content.size()), content);
  }
  return bytes;
}

std::string ArchiveOf(const v1::Manifest& head, const std::map<std::string, std::string>& files) {
  return Forge::Of(MakePackage(head, files)).Bytes();
}

std::string WeatherArchive(const std::function<void(v1::Manifest&, std::map<std::string, std::string>&)>& change) {
  v1::Manifest manifest = WeatherManifest();
  manifest.set_version("2.0.0");
  std::map<std::string, std::string> files = WeatherFiles();
  change(manifest, files);
  return ArchiveOf(manifest, files);
}

}  // namespace paranet
