#include "pki/root/root_backup.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

std::vector<BackupFile> Files(const std::vector<std::pair<std::string, std::string>>& contents) {
  std::vector<BackupFile> files;
  for (const auto& [name, content] : contents) files.push_back({.name = name, .content = SecretString(content)});
  return files;
}

std::string Encode(const std::vector<std::pair<std::string, std::string>>& contents) {
  return std::string(EncodeBackup(Files(contents))->view());
}

TEST(RootBackupTest, RoundTrip) {
  const std::string large(300'000, 'x');
  ASSERT_OK_AND_ASSIGN(const auto files,
                       DecodeBackup(Encode({{"ledger.db", large}, {"root-2.key.pem", ""}, {"root.pem", "a\nb"}})));
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].name, "ledger.db");
  EXPECT_EQ(files[0].content.view(), large);
  EXPECT_EQ(files[1].name, "root-2.key.pem");
  EXPECT_EQ(files[1].content.view(), "");
  EXPECT_EQ(files[2].content.view(), "a\nb");
}

TEST(RootBackupTest, EveryAlteredByteIsFound) {
  const std::string good = Encode({{"ledger.db", "content"}, {"root.pem", "x"}});
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {1, 128}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ bit);
      EXPECT_THAT(DecodeBackup(bad), StatusIs(absl::StatusCode::kDataLoss)) << i;
    }
    EXPECT_THAT(DecodeBackup(good.substr(0, i)), StatusIs(absl::StatusCode::kDataLoss)) << i;
  }
  EXPECT_THAT(DecodeBackup(good + good), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RootBackupTest, NoFileLeavesItsDirectory) {
  for (const char* name : {"../root.pem", "/root.pem", "a/b.pem", "root.PEM", "root.pem.sh", ".pem", ".key.pem", "",
                           "ledger.db-wal", "x.y.pem", "lock"}) {
    EXPECT_THAT(DecodeBackup(Encode({{name, "x"}})), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("name"))) << name;
  }
}

TEST(RootBackupTest, NoFileComesTwice) {
  EXPECT_THAT(DecodeBackup(Encode({{"root.pem", "x"}, {"root.pem", "y"}})),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("name")));
}

}  // namespace
}  // namespace paranet::pki
