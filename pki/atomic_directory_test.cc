#include "pki/atomic_directory.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

class AtomicDirectoryTest : public testing::Test {
 protected:
  AtomicDirectoryTest() : dir_(*TemporaryDirectory::Create()), path_(dir_.path() + "/made") {}

  auto EntriesBeside() const {
    const std::filesystem::directory_iterator entries(dir_.path());
    return std::distance(begin(entries), end(entries));
  }

  TemporaryDirectory dir_;
  const std::string path_;
};

absl::Status WriteOne(const std::string& dir) { return WriteFileAtomically(dir + "/file", "content", 0600); }

TEST_F(AtomicDirectoryTest, AppearsWithItsFilesAndOpenToTheOwnerAlone) {
  ASSERT_OK(CreateDirectoryAtomically(path_, WriteOne));
  EXPECT_THAT(ReadFile(path_ + "/file"), IsOkAndHolds(std::string("content")));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(EntriesBeside(), 1);
}

TEST_F(AtomicDirectoryTest, MakesMissingParentsAndTakesASlashAtTheEnd) {
  ASSERT_OK(CreateDirectoryAtomically(path_ + "/a/b/", WriteOne));
  EXPECT_OK(ReadFile(path_ + "/a/b/file"));
}

TEST_F(AtomicDirectoryTest, TakesThePlaceOfAnEmptyDirectory) {
  ASSERT_OK(MakeDirectories(path_));
  ASSERT_OK(CreateDirectoryAtomically(path_, WriteOne));
  EXPECT_OK(ReadFile(path_ + "/file"));
}

TEST_F(AtomicDirectoryTest, NeverOverwrites) {
  ASSERT_OK(CreateDirectoryAtomically(path_, WriteOne));
  bool asked = false;
  EXPECT_THAT(CreateDirectoryAtomically(path_,
                                        [&](const std::string&) {
                                          asked = true;
                                          return absl::OkStatus();
                                        }),
              StatusIs(absl::StatusCode::kAlreadyExists, testing::HasSubstr(path_)));
  EXPECT_FALSE(asked);
  EXPECT_THAT(ReadFile(path_ + "/file"), IsOkAndHolds(std::string("content")));
  EXPECT_EQ(EntriesBeside(), 1);
}

TEST_F(AtomicDirectoryTest, DoesNotReplaceAFile) {
  ASSERT_OK(WriteFileAtomically(path_, "a file"));
  EXPECT_THAT(CreateDirectoryAtomically(path_, WriteOne), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ReadFile(path_), IsOkAndHolds(std::string("a file")));
}

TEST_F(AtomicDirectoryTest, SomebodyElseMayBeFaster) {
  EXPECT_THAT(CreateDirectoryAtomically(path_,
                                        [&](const std::string& temporary) {
                                          EXPECT_OK(MakeDirectories(path_));
                                          EXPECT_OK(WriteFileAtomically(path_ + "/file", "theirs"));
                                          return WriteOne(temporary);
                                        }),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ReadFile(path_ + "/file"), IsOkAndHolds(std::string("theirs")));
  EXPECT_EQ(EntriesBeside(), 1);
}

TEST_F(AtomicDirectoryTest, FailureLeavesNothing) {
  EXPECT_THAT(CreateDirectoryAtomically(path_,
                                        [&](const std::string& temporary) -> absl::Status {
                                          PARANET_RETURN_IF_ERROR(WriteOne(temporary));
                                          return absl::InternalError("half way");
                                        }),
              StatusIs(absl::StatusCode::kInternal, "half way"));
  EXPECT_EQ(EntriesBeside(), 0);
}

TEST_F(AtomicDirectoryTest, ReplacesWhateverIsThere) {
  ASSERT_OK(ReplaceDirectoryAtomically(path_, WriteOne));
  EXPECT_THAT(ReadFile(path_ + "/file"), IsOkAndHolds(std::string("content")));
  ASSERT_OK(WriteFileAtomically(path_ + "/old", "x", 0600));
  ASSERT_OK(ReplaceDirectoryAtomically(path_ + "/", WriteOne));
  EXPECT_THAT(ReadFile(path_ + "/old"), StatusIs(absl::StatusCode::kNotFound));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(EntriesBeside(), 1);
}

TEST_F(AtomicDirectoryTest, AReplacementThatFailsLeavesTheOldOne) {
  ASSERT_OK(ReplaceDirectoryAtomically(path_, WriteOne));
  EXPECT_THAT(ReplaceDirectoryAtomically(path_,
                                         [](const std::string& dir) -> absl::Status {
                                           PARANET_RETURN_IF_ERROR(WriteFileAtomically(dir + "/file", "new", 0600));
                                           return absl::DataLossError("halfway");
                                         }),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ReadFile(path_ + "/file"), IsOkAndHolds(std::string("content")));
  EXPECT_EQ(EntriesBeside(), 1);
}

}  // namespace
}  // namespace paranet::pki
