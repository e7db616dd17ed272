#include "core/package/package.h"

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(PackageTest, DigestIsOfTheBytesOfTheManifest) {
  Package package;
  package.manifest_bytes = "abc";
  EXPECT_EQ(package.Digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  package.signature.emplace().set_signature("signed");
  EXPECT_EQ(package.Digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(PackageTest, FileNameHasIdAndVersion) {
  Package package;
  package.manifest.set_id("weather");
  package.manifest.set_version("1.0.0-rc.1");
  EXPECT_EQ(package.FileName(), "weather-1.0.0-rc.1.paranet");
}

}  // namespace
}  // namespace paranet
