#include "core/package/archive.h"

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "core/package/manifest_check.h"
#include "core/package/package_testutil.h"
#include "core/package/sha256.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "paranet/v1/package.pb.h"
#include "zstd.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

std::string Frame(absl::string_view content, int level = 3) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), level));
  return frame;
}

Package SignedPackage() {
  Package package = WeatherPackage();
  v1::Signature& signature = package.signature.emplace();
  signature.add_certificates("a certificate");
  signature.set_signature("a signature");
  return package;
}

std::string Good() { return *SerializeArchive(SignedPackage()); }

// The archive of SignedPackage after `change`.
std::string Changed(const std::function<void(v1::PackageArchive&)>& change) {
  v1::PackageArchive archive;
  EXPECT_TRUE(archive.ParseFromString(Good().substr(8)));
  change(archive);
  return absl::StrCat("PARANET\x01", archive.SerializeAsString());
}

// With another manifest, which has the right SHA-256.
std::string WithManifest(const std::function<void(v1::Manifest&)>& change) {
  return Changed([&](v1::PackageArchive& archive) {
    v1::Manifest manifest;
    EXPECT_TRUE(manifest.ParseFromString(archive.manifest()));
    change(manifest);
    archive.set_manifest(SerializeManifest(manifest));
    archive.set_manifest_sha256(Sha256(archive.manifest()));
  });
}

TEST(ArchiveTest, RoundTrips) {
  const Package package = SignedPackage();
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeArchive(package));
  ASSERT_OK_AND_ASSIGN(const Package back, ParseArchive(bytes));
  EXPECT_EQ(back.manifest_bytes, package.manifest_bytes);
  EXPECT_EQ(SerializeManifest(back.manifest), SerializeManifest(package.manifest));
  EXPECT_EQ(back.files, package.files);
  EXPECT_EQ(back.Digest(), package.Digest());
  ASSERT_TRUE(back.signature.has_value());
  EXPECT_EQ(back.signature->SerializeAsString(), package.signature->SerializeAsString());
}

TEST(ArchiveTest, UnsignedStaysUnsigned) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeArchive(WeatherPackage()));
  ASSERT_OK_AND_ASSIGN(const Package back, ParseArchive(bytes));
  EXPECT_FALSE(back.signature.has_value());
}

TEST(ArchiveTest, IsTheSerializedMessageBehindItsMagic) {
  const std::string bytes = Good();
  ASSERT_TRUE(absl::StartsWith(bytes, "PARANET\x01"));
  v1::PackageArchive archive;
  ASSERT_TRUE(archive.ParseFromString(bytes.substr(8)));
  EXPECT_EQ(archive.manifest(), SignedPackage().manifest_bytes);
  ASSERT_EQ(archive.contents_size(), 3);
  EXPECT_EQ(ZSTD_getFrameContentSize(archive.contents(1).data(), archive.contents(1).size()), 5000u);
  EXPECT_LT(archive.contents(1).size(), 200u);
}

TEST(ArchiveTest, SameSignedPackageMakesTheSameBytes) { EXPECT_EQ(Good(), Good()); }

TEST(ArchiveTest, SerializeRefusesAnInconsistentPackage) {
  Package package = WeatherPackage();
  package.files["weather.binpb"] += "x";
  EXPECT_THAT(SerializeArchive(package), StatusIs(kInvalid, HasSubstr("weather.binpb")));
  package = WeatherPackage();
  package.files.erase("empty");
  EXPECT_THAT(SerializeArchive(package), StatusIs(kInvalid, HasSubstr("2 files, its manifest 3")));
  package.files["other"] = "";
  EXPECT_THAT(SerializeArchive(package), StatusIs(kInvalid, HasSubstr("lacks file \"empty\"")));
  package = WeatherPackage();
  package.manifest_bytes.clear();
  EXPECT_THAT(SerializeArchive(package), StatusIs(kInvalid));
}

TEST(ArchiveTest, RefusesWhatIsNoPackage) {
  EXPECT_THAT(ParseArchive(""), StatusIs(kInvalid, HasSubstr("not a package")));
  EXPECT_THAT(ParseArchive("PK\x03\x04 something else"), StatusIs(kInvalid, HasSubstr("paranet package build")));
  EXPECT_THAT(ParseArchive("PARANET\x02 later"), StatusIs(kInvalid, HasSubstr("does not know")));
  EXPECT_THAT(ParseArchive("PARA"), StatusIs(kDataLoss, HasSubstr("truncated")));
}

TEST(ArchiveTest, EveryTruncationIsCalledOne) {
  const std::string bytes = Good();
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseArchive(absl::string_view(bytes).substr(0, size)),
                StatusIs(kDataLoss, AllOf(HasSubstr("package is truncated: it ends"), HasSubstr("; copy it again"))))
        << size;
  }
}

TEST(ArchiveTest, NoFlippedBitChangesTheContent) {
  const Package good = SignedPackage();
  std::string bytes = Good();
  int accepted = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const absl::StatusOr<Package> package = ParseArchive(bytes);
      if (package.ok()) {
        // The signature is for VerifyPackageSignature, and a frame has bits that do not matter.
        ++accepted;
        EXPECT_EQ(package->manifest_bytes, good.manifest_bytes) << i;
        EXPECT_EQ(package->files, good.files) << i;
      } else {
        EXPECT_THAT(package, testing::AnyOf(StatusIs(kInvalid), StatusIs(kDataLoss))) << i;
      }
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
    }
  }
  EXPECT_LT(accepted, 400);
}

TEST(ArchiveTest, RefusesBytesBehindTheEnd) {
  EXPECT_THAT(ParseArchive(Good() + "x"), StatusIs(kDataLoss, HasSubstr("follows its end")));
  EXPECT_THAT(ParseArchive(Good() + Good().substr(8)), StatusIs(kDataLoss, HasSubstr("follows its end")));
  EXPECT_THAT(ParseArchive(Good() + std::string(1, '\0')), StatusIs(kDataLoss, HasSubstr("follows its end")));
}

TEST(ArchiveTest, RefusesFieldsTwiceOrOutOfOrder) {
  v1::PackageArchive manifest;
  manifest.set_manifest("other");
  const std::string good = Good();
  EXPECT_THAT(ParseArchive(absl::StrCat(good.substr(0, 8), manifest.SerializeAsString(), good.substr(8))),
              StatusIs(kDataLoss, HasSubstr("no known field")));
  v1::PackageArchive contents;
  contents.add_contents("x");
  EXPECT_THAT(ParseArchive(absl::StrCat(good.substr(0, 8), contents.SerializeAsString(), good.substr(8))),
              StatusIs(kDataLoss, HasSubstr("no known field")));
}

TEST(ArchiveTest, RefusesAnotherNumberOfFiles) {
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.mutable_contents()->RemoveLast(); })),
              StatusIs(kDataLoss, HasSubstr("2 files, its manifest 3")));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.add_contents(Frame("more")); })),
              StatusIs(kDataLoss, HasSubstr("4 files, its manifest 3")));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) {
                for (int i = 0; i < 2000; ++i) archive.add_contents();
              })),
              StatusIs(kInvalid, HasSubstr("more than 1000 files")));
}

TEST(ArchiveTest, RefusesAlteredContentAndNamesTheFile) {
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.set_contents(1, Frame(std::string(5000, 'x'))); })),
              StatusIs(kDataLoss, AllOf(HasSubstr("\"lib/weather.so\""), HasSubstr("SHA-256"))));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.set_contents(1, Frame("short")); })),
              StatusIs(kDataLoss, AllOf(HasSubstr("\"lib/weather.so\""), HasSubstr("5000 bytes"))));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.set_contents(1, "no frame"); })),
              StatusIs(kDataLoss, AllOf(HasSubstr("\"lib/weather.so\""), HasSubstr("not a Zstandard frame"))));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.set_contents(0, ""); })),
              StatusIs(kDataLoss, AllOf(HasSubstr("\"empty\""), HasSubstr("not a Zstandard frame"))));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) { archive.mutable_contents(1)->append(Frame("more")); })),
              StatusIs(kDataLoss, HasSubstr("something follows it")));
  // A skippable frame of eight bytes instead of the empty file.
  EXPECT_THAT(ParseArchive(Changed(
                  [](auto& archive) { archive.set_contents(0, std::string("\x50\x2A\x4D\x18\x00\x00\x00\x00", 8)); })),
              StatusIs(kDataLoss, HasSubstr("not a Zstandard frame")));
}

TEST(ArchiveTest, RefusesBombs) {
  const std::string big(10 << 20, '\0');
  // More in the frame than the manifest declares.
  EXPECT_THAT(ParseArchive(Changed([&](auto& archive) { archive.set_contents(1, Frame(big)); })),
              StatusIs(kDataLoss, HasSubstr("5000 bytes")));
  // A frame that does not say how much it has.
  std::string streamed(ZSTD_compressBound(big.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  streamed.resize(ZSTD_compress2(context, streamed.data(), streamed.size(), big.data(), big.size()));
  ZSTD_freeCCtx(context);
  EXPECT_THAT(ParseArchive(Changed([&](auto& archive) { archive.set_contents(1, streamed); })),
              StatusIs(kDataLoss, HasSubstr("5000 bytes")));
  // A manifest that declares more than there may be.
  EXPECT_THAT(
      ParseArchive(WithManifest([](auto& manifest) { manifest.mutable_files(1)->set_size(uint64_t{1} << 40); })),
      StatusIs(kInvalid, HasSubstr("256 MiB")));
}

TEST(ArchiveTest, ChecksTheManifestAgain) {
  EXPECT_THAT(ParseArchive(WithManifest([](auto& manifest) { manifest.set_id("../evil"); })), StatusIs(kInvalid));
  EXPECT_THAT(ParseArchive(WithManifest([](auto& manifest) { manifest.set_version("1"); })), StatusIs(kInvalid));
  EXPECT_THAT(ParseArchive(WithManifest([](auto& manifest) { manifest.mutable_files(0)->set_path("../evil"); })),
              StatusIs(kInvalid, HasSubstr("../evil")));
  EXPECT_THAT(ParseArchive(WithManifest([](auto& manifest) { manifest.mutable_files(0)->set_path("/etc/passwd"); })),
              StatusIs(kInvalid, HasSubstr("absolute")));
  EXPECT_THAT(ParseArchive(WithManifest([](auto& manifest) { manifest.mutable_files(0)->set_path("lib"); })),
              StatusIs(kInvalid, HasSubstr("also a folder")));
  EXPECT_THAT(ParseArchive(WithManifest([](auto& manifest) { manifest.mutable_files(0)->clear_sha256(); })),
              StatusIs(kInvalid, HasSubstr("SHA-256")));
}

TEST(ArchiveTest, RefusesADamagedManifestOfAnUnsignedPackage) {
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) {
                archive.clear_signature();
                std::string& manifest = *archive.mutable_manifest();
                const size_t at = manifest.find("Oslo");
                ASSERT_NE(at, std::string::npos);
                manifest[at] = 'Q';
              })),
              StatusIs(kDataLoss, HasSubstr("its manifest does not have the SHA-256")));
}

TEST(ArchiveTest, RefusesASignatureThatIsNone) {
  const std::string good = Good();
  EXPECT_THAT(ParseArchive(
                  Changed([](auto& archive) { archive.mutable_signature()->set_signature(std::string(300000, 'x')); })),
              StatusIs(kDataLoss, HasSubstr("signature is too long")));
  EXPECT_THAT(ParseArchive(Changed([](auto& archive) {
                v1::Signature& signature = *archive.mutable_signature();
                signature.GetReflection()->MutableUnknownFields(&signature)->AddVarint(9, 1);
              })),
              StatusIs(kDataLoss, HasSubstr("not a serialized paranet.v1.Signature")));
}

}  // namespace
}  // namespace paranet
