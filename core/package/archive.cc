#include "core/package/archive.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/package/manifest_check.h"
#include "core/package/sha256.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message.h"
#include "google/protobuf/wire_format_lite.h"
#include "zstd.h"

namespace paranet {

namespace {

using google::protobuf::internal::WireFormatLite;

constexpr absl::string_view kMagic = "PARANET\x01";
// Part of the format: another level makes other bytes of the same package.
constexpr int kCompressionLevel = 3;
constexpr size_t kMaxSignatureBytes = size_t{256} << 10;

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

absl::Status Truncated(absl::string_view where) {
  return absl::DataLossError(absl::StrCat("package is truncated: ", where, "; copy it again"));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("package is damaged: ", what, "; copy it again"));
}

absl::Status CheckContent(const v1::PackageFile& file, absl::string_view content) {
  if (content.size() != file.size()) {
    return Damaged(
        absl::StrCat("file ", Quoted(file.path()), " has ", content.size(), " bytes instead of ", file.size()));
  }
  if (Sha256(content) != file.sha256()) {
    return Damaged(absl::StrCat("file ", Quoted(file.path()), " does not have the SHA-256 that the manifest says"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Compress(absl::string_view content) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (context == nullptr) return absl::ResourceExhaustedError("no memory to compress");
  // Without a checksum of its own (the manifest has a better one), with the size of the content.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 0);
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), content.data(), content.size());
  if (ZSTD_isError(size)) return absl::InternalError(ZSTD_getErrorName(size));
  frame.resize(size);
  return frame;
}

// The content of exactly one frame that says that it has `size` bytes. Allocates no more than that, after the frame has
// been found to be whole.
absl::StatusOr<std::string> Decompress(absl::string_view frame, uint64_t size) {
  // A skippable frame is whole, and its content is nothing.
  if (!absl::StartsWith(frame, "\x28\xB5\x2F\xFD")) return absl::DataLossError("it is not a Zstandard frame");
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size) {
    return absl::DataLossError(absl::StrCat("its frame is not one of ", size, " bytes as the manifest says"));
  }
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return absl::DataLossError("its frame is cut or something follows it");
  }
  std::string content(static_cast<size_t>(size), '\0');
  const size_t result = ZSTD_decompress(content.data(), content.size(), frame.data(), frame.size());
  if (ZSTD_isError(result)) return absl::DataLossError(ZSTD_getErrorName(result));
  if (result != size) return absl::DataLossError(absl::StrCat("its frame has ", result, " bytes instead of ", size));
  return content;
}

// The fields of a serialized PackageArchive, in place. The message is not parsed as one because that would copy the
// contents, would merge what comes twice, and could not tell a truncated archive from a damaged one.
struct Fields {
  absl::string_view manifest;
  absl::string_view signature;
  bool has_signature = false;
  std::vector<absl::string_view> contents;
  absl::string_view manifest_sha256;
};

absl::Status TakeField(int number, absl::string_view value, Fields& fields) {
  switch (number) {
    case v1::PackageArchive::kManifestFieldNumber:
      fields.manifest = value;
      return absl::OkStatus();
    case v1::PackageArchive::kSignatureFieldNumber:
      if (value.size() > kMaxSignatureBytes) return Damaged("its signature is too long");
      fields.signature = value;
      fields.has_signature = true;
      return absl::OkStatus();
    case v1::PackageArchive::kContentsFieldNumber:
      if (fields.contents.size() == static_cast<size_t>(kMaxPackageFiles)) {
        return absl::InvalidArgumentError(
            absl::StrCat("package has more than ", kMaxPackageFiles, " files; build it again with fewer"));
      }
      fields.contents.push_back(value);
      return absl::OkStatus();
    default:
      fields.manifest_sha256 = value;
      return absl::OkStatus();
  }
}

absl::StatusOr<Fields> SplitFields(absl::string_view bytes) {
  Fields fields;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  int previous = 0;
  while (static_cast<size_t>(in.CurrentPosition()) < bytes.size()) {
    const auto start = static_cast<size_t>(in.CurrentPosition());
    const uint32_t tag = in.ReadTag();
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    if (previous == v1::PackageArchive::kManifestSha256FieldNumber) {
      return Damaged(absl::StrCat("something follows its end at byte ", kMagic.size() + start));
    }
    // In the order of their numbers; only contents come more than once.
    const bool in_order =
        number > previous || (number == previous && number == v1::PackageArchive::kContentsFieldNumber);
    if (tag == 0 || WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED || !in_order ||
        number > v1::PackageArchive::kManifestSha256FieldNumber) {
      return Damaged(absl::StrCat("it has no known field at byte ", kMagic.size() + start));
    }
    uint32_t length = 0;
    const bool has_length = in.ReadVarint32(&length);
    const auto position = static_cast<size_t>(in.CurrentPosition());
    if (!has_length || length > bytes.size() - position) {
      return Truncated(absl::StrCat("it ends at byte ", kMagic.size() + bytes.size(), " within the field at byte ",
                                    kMagic.size() + start));
    }
    PARANET_RETURN_IF_ERROR(TakeField(number, bytes.substr(position, length), fields));
    in.Skip(static_cast<int>(length));
    previous = number;
  }
  if (previous != v1::PackageArchive::kManifestSha256FieldNumber) {
    return Truncated(absl::StrCat("it ends at byte ", kMagic.size() + bytes.size(), " without its last field"));
  }
  return fields;
}

}  // namespace

absl::StatusOr<std::string> SerializeArchive(const Package& package) {
  PARANET_ASSIGN_OR_RETURN(const v1::Manifest manifest, ParseManifest(package.manifest_bytes));
  if (static_cast<size_t>(manifest.files_size()) != package.files.size()) {
    return absl::InvalidArgumentError(absl::StrCat("package has ", package.files.size(), " files, its manifest ",
                                                   manifest.files_size(), "; build it again"));
  }
  v1::PackageArchive archive;
  archive.set_manifest(package.manifest_bytes);
  if (package.signature.has_value()) *archive.mutable_signature() = *package.signature;
  for (const v1::PackageFile& file : manifest.files()) {
    const auto content = package.files.find(file.path());
    if (content == package.files.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("package lacks file ", Quoted(file.path()), " of its manifest; build it again"));
    }
    if (const absl::Status status = CheckContent(file, content->second); !status.ok()) {
      return absl::InvalidArgumentError(status.message());
    }
    PARANET_ASSIGN_OR_RETURN(*archive.add_contents(), Compress(content->second));
  }
  archive.set_manifest_sha256(Sha256(package.manifest_bytes));
  std::string bytes(kMagic);
  if (!archive.AppendToString(&bytes)) return absl::InternalError("cannot serialize the package");
  return bytes;
}

absl::StatusOr<Package> ParseArchive(absl::string_view bytes) {
  if (bytes.size() > kMaxArchiveBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("package has ", bytes.size(), " bytes; the most is ", kMaxArchiveBytes >> 20, " MiB"));
  }
  if (!absl::StartsWith(bytes, kMagic)) {
    if (!bytes.empty() && absl::StartsWith(kMagic, bytes)) return Truncated("it ends within its first eight bytes");
    if (absl::StartsWith(bytes, kMagic.substr(0, kMagic.size() - 1))) {
      return absl::InvalidArgumentError(
          "package is in a format that this version of Paranet does not know; use the version that built it, or a "
          "later one");
    }
    return absl::InvalidArgumentError("this is not a package; make one with `paranet package build`");
  }
  PARANET_ASSIGN_OR_RETURN(const Fields fields, SplitFields(bytes.substr(kMagic.size())));
  if (Sha256(fields.manifest) != fields.manifest_sha256)
    return Damaged("its manifest does not have the SHA-256 it says");

  Package package;
  absl::StatusOr<v1::Manifest> manifest = ParseManifest(fields.manifest);
  if (!manifest.ok()) return Annotate(manifest.status(), "package is not valid");
  package.manifest = *std::move(manifest);
  package.manifest_bytes = std::string(fields.manifest);
  if (fields.has_signature) {
    v1::Signature& signature = package.signature.emplace();
    if (!signature.ParseFromArray(fields.signature.data(), static_cast<int>(fields.signature.size())) ||
        !signature.GetReflection()->GetUnknownFields(signature).empty()) {
      return Damaged("its signature is not a serialized paranet.v1.Signature");
    }
  }
  if (fields.contents.size() != static_cast<size_t>(package.manifest.files_size())) {
    return Damaged(
        absl::StrCat("it has ", fields.contents.size(), " files, its manifest ", package.manifest.files_size()));
  }
  for (size_t i = 0; i < fields.contents.size(); ++i) {
    const v1::PackageFile& file = package.manifest.files(static_cast<int>(i));
    absl::StatusOr<std::string> content = Decompress(fields.contents[i], file.size());
    if (!content.ok()) return Damaged(absl::StrCat("file ", Quoted(file.path()), ": ", content.status().message()));
    PARANET_RETURN_IF_ERROR(CheckContent(file, *content));
    package.files.emplace(file.path(), *std::move(content));
  }
  return package;
}

}  // namespace paranet
