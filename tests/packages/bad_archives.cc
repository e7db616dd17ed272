#include "tests/packages/bad_archives.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/package/archive.h"
#include "core/package/manifest_check.h"
#include "core/package/package_testutil.h"

namespace paranet {

namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

Forge Weather() { return Forge::Of(WeatherPackage()); }

BadPackage Forged(std::string name, absl::StatusCode code, std::string says,
                  const std::function<void(Forge&)>& change) {
  return {std::move(name),
          [change] {
            Forge forge = Weather();
            change(forge);
            return forge.Bytes();
          },
          code, std::move(says)};
}

BadPackage Bytes(std::string name, absl::StatusCode code, std::string says,
                 const std::function<std::string(std::string)>& change) {
  return {std::move(name), [change] { return change(Weather().Bytes()); }, code, std::move(says)};
}

// The manifest's entry of `empty`, the first file, changed; the manifest's digest is right.
BadPackage FirstFile(std::string name, absl::StatusCode code, std::string says,
                     const std::function<void(v1::PackageFile&)>& change) {
  return {std::move(name),
          [change] {
            Package package = WeatherPackage();
            change(*package.manifest.mutable_files(0));
            package.manifest_bytes = SerializeManifest(package.manifest);
            return Forge::Of(package).Bytes();
          },
          code, std::move(says)};
}

// The frame of `empty`, whose size the manifest gives as `size`.
BadPackage FirstFrame(std::string name, std::string says, uint64_t size, const std::string& frame) {
  return {std::move(name),
          [size, frame] {
            Package package = WeatherPackage();
            package.manifest.mutable_files(0)->set_size(size);
            package.manifest_bytes = SerializeManifest(package.manifest);
            Forge forge = Forge::Of(package);
            forge.Field(3) = frame;
            return forge.Bytes();
          },
          kDataLoss, std::move(says)};
}

// A frame with a header that says `size` and nothing behind it (RFC 8878 section 3.1.1.1: single segment, eight bytes
// of content size).
std::string FrameThatClaims(uint64_t size) {
  std::string frame("\x28\xB5\x2F\xFD\xE0", 5);
  for (int i = 0; i < 8; ++i) frame.push_back(static_cast<char>(size >> (8 * i) & 0xFF));
  return frame;
}

}  // namespace

std::vector<BadPackage> BadArchives() {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const std::string skippable("\x50\x2A\x4D\x18\x00\x00\x00\x00", 8);
  return {
      Bytes("nothing", kInvalid, "not a package", [](const std::string&) { return std::string(); }),
      Bytes("a text", kInvalid, "not a package", [](const std::string&) { return std::string("hello"); }),
      Bytes("a gzip file", kInvalid, "not a package", [](const std::string&) { return std::string("\x1F\x8B\x08"); }),
      Bytes("the first bytes", kDataLoss, "truncated", [](const std::string& all) { return all.substr(0, 5); }),
      Bytes("the magic number alone", kDataLoss, "truncated", [](const std::string& all) { return all.substr(0, 8); }),
      Bytes("half of it", kDataLoss, "truncated", [](const std::string& all) { return all.substr(0, all.size() / 2); }),
      Bytes("all but a byte", kDataLoss, "truncated",
            [](const std::string& all) { return all.substr(0, all.size() - 1); }),
      Bytes("a byte too many", kDataLoss, "follows its end", [](const std::string& all) { return all + "x"; }),
      Bytes("twice", kDataLoss, "follows its end", [](const std::string& all) { return all + all; }),
      Bytes("an absurd length", kDataLoss, "truncated",
            [](const std::string& all) { return all.substr(0, 8) + "\x0A\xFF\xFF\xFF\xFF\x0F"; }),
      Bytes("a number in the place of bytes", kDataLoss, "no known field",
            [](const std::string& all) { return all.substr(0, 8) + std::string("\x08\x01", 2); }),
      Bytes("longer than any", kInvalid, "the most is",
            [](const std::string& all) { return all + std::string(kMaxArchiveBytes, '\0'); }),
      Forged("another format", kInvalid, "format", [](Forge& forge) { forge.magic.back() = '\x02'; }),
      Forged("an unknown field", kDataLoss, "no known field",
             [](Forge& forge) {
               forge.fields.insert(forge.fields.end() - 1, {5, "x"});
             }),
      Forged("two manifests", kDataLoss, "no known field",
             [](Forge& forge) { forge.fields.insert(forge.fields.begin(), forge.fields.front()); }),
      Forged("contents before the manifest", kDataLoss, "no known field",
             [](Forge& forge) { std::swap(forge.fields[0], forge.fields[1]); }),
      Forged("no manifest", kDataLoss, "SHA-256", [](Forge& forge) { forge.fields.erase(forge.fields.begin()); }),
      Forged("no digest", kDataLoss, "without its last field", [](Forge& forge) { forge.fields.pop_back(); }),
      Forged("a wrong digest of the manifest", kDataLoss, "SHA-256", [](Forge& forge) { forge.Field(4)[0] ^= 1; }),
      Forged("a short digest of the manifest", kDataLoss, "SHA-256", [](Forge& forge) { forge.Field(4).resize(31); }),
      Forged("a manifest altered", kDataLoss, "SHA-256", [](Forge& forge) { forge.Field(1)[3] ^= 1; }),
      Forged("a file too few", kDataLoss, "has 2 files, its manifest 3",
             [](Forge& forge) { forge.fields.erase(forge.fields.begin() + 1); }),
      Forged("a file too many", kDataLoss, "has 4 files, its manifest 3",
             [](Forge& forge) {
               forge.fields.insert(forge.fields.begin() + 1, {3, Frame("x")});
             }),
      Forged("a thousand and one files", kInvalid, "more than 1000 files",
             [](Forge& forge) {
               forge.fields.insert(forge.fields.begin() + 1, 1001, {3, Frame("x")});
             }),
      Forged("files in each other's place", kDataLoss, "\"empty\"",
             [](Forge& forge) { std::swap(forge.fields[1], forge.fields[2]); }),
      Forged("a file with other content", kDataLoss, "SHA-256",
             [](Forge& forge) { forge.fields[2].second = Frame(std::string(5000, 'v')); }),
      Forged("a signature of a megabyte", kDataLoss, "signature is too long",
             [](Forge& forge) {
               forge.fields.insert(forge.fields.begin() + 1, {2, std::string(1 << 20, 's')});
             }),
      Forged("a signature that is none", kDataLoss, "signature",
             [](Forge& forge) {
               forge.fields.insert(forge.fields.begin() + 1, {2, "\xFF\xFF"});
             }),
      // Bombs: what would expand to more than the manifest allows, or claims to.
      FirstFrame("a frame that claims a tebibyte", "not one of 0 bytes", 0, FrameThatClaims(uint64_t{1} << 40)),
      FirstFrame("a frame of what the manifest claims, with nothing in it", "cut", uint64_t{100} << 20,
                 FrameThatClaims(uint64_t{100} << 20)),
      FirstFrame("a frame that expands to more than the manifest says", "not one of 10 bytes", 10,
                 Frame(std::string(size_t{64} << 20, '\0'))),
      FirstFrame("a frame that expands to less", "not one of 10 bytes", 10, Frame("x")),
      FirstFrame("two frames in one", "follows it", 1, Frame("x") + Frame("x")),
      FirstFrame("half a frame", "cut", 5000, Frame(std::string(5000, 'x')).substr(0, 10)),
      FirstFrame("a frame to be skipped", "not a Zstandard frame", 0, skippable),
      FirstFrame("a frame to be skipped behind another", "follows it", 1, Frame("x") + skippable),
      FirstFrame("no frame", "not a Zstandard frame", 1, "x"),
      FirstFrame("no bytes", "not a Zstandard frame", 0, ""),
      FirstFile("a small archive of a large file", kInvalid, "256 MiB",
                [](v1::PackageFile& file) { file.set_size(kMaxPackageBytes); }),
      FirstFile("an absurd size", kInvalid, "256 MiB", [](v1::PackageFile& file) { file.set_size(kMost); }),
      {"sizes whose sum is small again",
       [] {
         Package package = WeatherPackage();
         package.manifest.mutable_files(0)->set_size(uint64_t{1} << 63);
         package.manifest.mutable_files(1)->set_size(uint64_t{1} << 63);
         package.manifest_bytes = SerializeManifest(package.manifest);
         return Forge::Of(package).Bytes();
       },
       kInvalid, "256 MiB"},
      FirstFile("a wrong digest of a file", kDataLoss, "\"empty\"",
                [](v1::PackageFile& file) { (*file.mutable_sha256())[0] ^= 1; }),
      FirstFile("a short digest of a file", kInvalid, "SHA-256 of 32 bytes",
                [](v1::PackageFile& file) { file.mutable_sha256()->resize(31); }),
      FirstFile("a file that is a link", kInvalid, "does not know",
                [](v1::PackageFile& file) {
                  file.GetReflection()->MutableUnknownFields(&file)->AddLengthDelimited(5, "/etc/passwd");
                }),
  };
}

}  // namespace paranet
