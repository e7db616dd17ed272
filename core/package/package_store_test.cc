#include "core/package/package_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/package/manifest_check.h"
#include "core/package/package_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kNotFound = absl::StatusCode::kNotFound;

mode_t ModeOf(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

class PackageStoreTest : public testing::Test {
 protected:
  PackageStoreTest() {
    absl::StatusOr<TemporaryDirectory> directory = TemporaryDirectory::Create();
    EXPECT_OK(directory);
    directory_.emplace(*std::move(directory));
    store_ = Open();
  }

  std::unique_ptr<PackageStore> Open() const {
    absl::StatusOr<std::unique_ptr<PackageStore>> store = PackageStore::Open(directory_->path());
    EXPECT_OK(store);
    return *std::move(store);
  }

  // The names in DIR/packages.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat(directory_->path(), "/packages"))) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::optional<TemporaryDirectory> directory_;
  const Package package_ = MakePackage(WeatherManifest(), WeatherFiles(), {"lib/weather.so"});
  const std::string digest_ = package_.Digest();
  std::unique_ptr<PackageStore> store_;
};

TEST_F(PackageStoreTest, PutExtractsTheFiles) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  EXPECT_EQ(path, store_->Path(digest_));
  EXPECT_EQ(path, absl::StrCat(directory_->path(), "/packages/", digest_, "/files"));
  for (const auto& [name, content] : package_.files) {
    EXPECT_THAT(ReadFile(absl::StrCat(path, "/", name)), IsOkAndHolds(content));
  }
  EXPECT_THAT(Names(), testing::ElementsAre(digest_));
}

TEST_F(PackageStoreTest, ModesDoNotDependOnTheUmask) {
  const mode_t before = umask(0277);
  const absl::Cleanup restore = [before] { umask(before); };
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  EXPECT_EQ(ModeOf(path), 0700u);
  EXPECT_EQ(ModeOf(absl::StrCat(path, "/lib")), 0700u);
  EXPECT_EQ(ModeOf(absl::StrCat(path, "/lib/weather.so")), 0700u);
  EXPECT_EQ(ModeOf(absl::StrCat(path, "/empty")), 0600u);
  EXPECT_EQ(ModeOf(absl::StrCat(directory_->path(), "/packages/", digest_)), 0700u);
}

TEST_F(PackageStoreTest, LoadGivesTheManifestAfterReopening) {
  ASSERT_OK(store_->Put(package_));
  store_ = Open();
  ASSERT_OK_AND_ASSIGN(const v1::Manifest manifest, store_->Load(digest_));
  EXPECT_EQ(SerializeManifest(manifest), SerializeManifest(package_.manifest));
}

TEST_F(PackageStoreTest, PutIsIdempotent) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  struct stat before;
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  EXPECT_THAT(store_->Put(package_), IsOkAndHolds(path));
  struct stat after;
  ASSERT_EQ(stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(PackageStoreTest, ConcurrentPutsAgree) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { EXPECT_OK(store_->Put(package_)); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_OK(store_->Load(digest_));
  EXPECT_THAT(Names(), testing::ElementsAre(digest_));
}

TEST_F(PackageStoreTest, UnknownPackagesAreNotFound) {
  EXPECT_THAT(store_->Load(digest_), StatusIs(kNotFound, HasSubstr(digest_)));
}

TEST_F(PackageStoreTest, DigestsAreNotPaths) {
  for (const char* digest : {"", "..", "../..", "abc"}) {
    EXPECT_THAT(store_->Load(digest), StatusIs(absl::StatusCode::kInvalidArgument)) << digest;
    EXPECT_THAT(store_->Remove(digest), StatusIs(absl::StatusCode::kInvalidArgument)) << digest;
  }
}

TEST_F(PackageStoreTest, LoadNamesAMissingFile) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  ASSERT_EQ(unlink(absl::StrCat(path, "/lib/weather.so").c_str()), 0);
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, AllOf(HasSubstr("lib/weather.so"), HasSubstr("is missing"),
                                                               HasSubstr("; deploy it again"))));
  ASSERT_OK(RemoveAll(absl::StrCat(path, "/lib")));
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, HasSubstr("lib/weather.so")));
}

TEST_F(PackageStoreTest, LoadNamesAnAlteredFile) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  const std::string file = absl::StrCat(path, "/lib/weather.so");
  ASSERT_OK(WriteFileAtomically(file, std::string(5000, 'x'), 0700));
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, AllOf(HasSubstr("lib/weather.so"), HasSubstr("SHA-256"))));
  ASSERT_OK(WriteFileAtomically(file, std::string(4999, 'w'), 0700));
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, HasSubstr("4999 bytes instead of 5000")));
  ASSERT_OK(WriteFileAtomically(file, std::string(5000, 'w'), 0600));
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, HasSubstr("no longer executable")));
  ASSERT_OK(WriteFileAtomically(file, std::string(5000, 'w'), 0700));
  EXPECT_OK(store_->Load(digest_));
}

TEST_F(PackageStoreTest, LoadRefusesALinkInThePlaceOfAFile) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  ASSERT_EQ(rename(absl::StrCat(path, "/empty").c_str(), absl::StrCat(path, "/elsewhere").c_str()), 0);
  ASSERT_EQ(symlink("elsewhere", absl::StrCat(path, "/empty").c_str()), 0);
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, HasSubstr("something that is not a file")));
}

TEST_F(PackageStoreTest, LoadRefusesAnAlteredManifest) {
  ASSERT_OK(store_->Put(package_));
  const std::string manifest = absl::StrCat(directory_->path(), "/packages/", digest_, "/manifest");
  ASSERT_OK(WriteFileAtomically(manifest, WeatherPackage().manifest_bytes, 0600));
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, HasSubstr("manifest\" of a deployed package was altered")));
  ASSERT_EQ(unlink(manifest.c_str()), 0);
  EXPECT_THAT(store_->Load(digest_), StatusIs(kDataLoss, HasSubstr("is missing")));
}

TEST_F(PackageStoreTest, FilesThatActorsLeaveDoNotMatter) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  WriteFiles(path, {{"__pycache__/weather.pyc", "made at run time"}});
  EXPECT_OK(store_->Load(digest_));
}

TEST_F(PackageStoreTest, PutRepairsADamagedPackage) {
  ASSERT_OK_AND_ASSIGN(const std::string path, store_->Put(package_));
  WriteFiles(path, {{"weather.binpb", "damaged"}});
  ASSERT_OK(store_->Put(package_));
  EXPECT_OK(store_->Load(digest_));
  EXPECT_THAT(Names(), testing::ElementsAre(digest_));
}

TEST_F(PackageStoreTest, RemoveLeavesNothing) {
  ASSERT_OK(store_->Put(package_));
  EXPECT_OK(store_->Remove(digest_));
  EXPECT_THAT(store_->Load(digest_), StatusIs(kNotFound));
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_OK(store_->Remove(digest_));
}

TEST_F(PackageStoreTest, APutThatFailsLeavesNothing) {
  Package broken = package_;
  broken.files.erase("weather.binpb");
  EXPECT_THAT(store_->Put(broken), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("weather.binpb")));
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(PackageStoreTest, OpenRemovesWhatACrashLeft) {
  ASSERT_OK(store_->Put(package_));
  WriteFiles(directory_->path(), {{"packages/.tmp-abcdef/files/lib/weather.so", "half"}});
  store_ = Open();
  EXPECT_THAT(Names(), testing::ElementsAre(digest_));
  EXPECT_OK(store_->Load(digest_));
}

TEST_F(PackageStoreTest, ReadsBackWhatWasPut) {
  ASSERT_OK(store_->Put(package_));
  ASSERT_OK_AND_ASSIGN(const Package read, store_->Read(digest_));
  EXPECT_EQ(read.manifest_bytes, package_.manifest_bytes);
  EXPECT_EQ(read.manifest.id(), package_.manifest.id());
  EXPECT_EQ(read.files, package_.files);
  EXPECT_FALSE(read.signature.has_value());
  EXPECT_THAT(store_->Read(std::string(64, '0')), StatusIs(kNotFound));
  ASSERT_OK(WriteFileAtomically(absl::StrCat(store_->Path(digest_), "/empty"), "no more"));
  EXPECT_THAT(store_->Read(digest_), StatusIs(kDataLoss, HasSubstr("empty")));
}

class BoundedStoreTest : public PackageStoreTest {
 protected:
  static Package Salted(const std::string& salt) {
    auto files = WeatherFiles();
    files["salt"] = salt;
    return MakePackage(WeatherManifest(), files);
  }
  void Limit(uint64_t bytes) {
    store_.reset();
    ASSERT_OK_AND_ASSIGN(store_, PackageStore::Open(directory_->path(), bytes));
  }
  const Package one_ = Salted("1");
  const Package two_ = Salted("2");
};

TEST_F(BoundedStoreTest, KnowsSizesAlsoAfterARestart) {
  EXPECT_EQ(store_->Size(one_.Digest()), 0u);
  ASSERT_OK(store_->Put(one_));
  const uint64_t size = store_->Size(one_.Digest());
  uint64_t expected = one_.manifest_bytes.size();
  for (const auto& [path, content] : one_.files) expected += content.size();
  EXPECT_EQ(size, expected);
  Limit(size);
  EXPECT_EQ(store_->Size(one_.Digest()), size);
  ASSERT_OK(store_->Remove(one_.Digest()));
  EXPECT_EQ(store_->Size(one_.Digest()), 0u);
}

TEST_F(BoundedStoreTest, RefusesWhatHasNoRoom) {
  ASSERT_OK(store_->Put(one_));
  const uint64_t size = store_->Size(one_.Digest());
  Limit(2 * size - 1);
  EXPECT_THAT(store_->Put(two_),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("weather 1.0.0"), HasSubstr(absl::StrCat("of the ", 2 * size - 1)),
                             HasSubstr("paranet package undeploy"))));
  EXPECT_THAT(Names(), testing::ElementsAre(one_.Digest()));
  // What is there needs no room.
  EXPECT_OK(store_->Put(one_));
  Limit(2 * size);
  EXPECT_OK(store_->Put(two_));
  Limit(1);
  EXPECT_THAT(store_->Put(Salted("3")), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(store_->Load(one_.Digest()));
}

TEST_F(BoundedStoreTest, CollectsWhatNobodyNeeds) {
  ASSERT_OK(store_->Put(package_));
  ASSERT_OK(store_->Put(one_));
  ASSERT_OK(store_->Put(two_));
  ASSERT_OK(store_->Collect({one_.Digest(), std::string(64, '0')}));
  EXPECT_THAT(Names(), testing::ElementsAre(one_.Digest()));
  EXPECT_OK(store_->Load(one_.Digest()));
  EXPECT_EQ(store_->Size(two_.Digest()), 0u);
  ASSERT_OK(store_->Collect({}));
  EXPECT_THAT(Names(), IsEmpty());
}

}  // namespace
}  // namespace paranet
