#include "core/base/file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = TemporaryDirectory::Create();
    ASSERT_OK(directory);
    directory_.emplace(*std::move(directory));
  }

  std::string Path(absl::string_view name) const { return absl::StrCat(directory_->path(), "/", name); }
  static unsigned ModeOf(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
  }
  size_t FilesInDirectory() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory_->path()), {}));
  }

  std::optional<TemporaryDirectory> directory_;
};

TEST_F(FileTest, ReadsWhatWasWrittenIncludingZeros) {
  const std::string content("a\0b\n", 4);
  ASSERT_OK(WriteFileAtomically(Path("f"), content));
  EXPECT_THAT(ReadFile(Path("f")), IsOkAndHolds(content));
}

TEST_F(FileTest, ReadsAnEmptyFileAndOneThatTheKernelMakesUp) {
  ASSERT_OK(WriteFileAtomically(Path("f"), ""));
  EXPECT_THAT(ReadFile(Path("f")), IsOkAndHolds(""));
  EXPECT_THAT(ReadFile("/proc/self/status"), IsOkAndHolds(HasSubstr("Pid:")));
}

TEST_F(FileTest, ReadOfNothingIsNotFoundAndNamesThePath) {
  EXPECT_THAT(ReadFile(Path("none")), StatusIs(absl::StatusCode::kNotFound, HasSubstr(Path("none"))));
}

TEST_F(FileTest, ReadRefusesWhatIsTooLargeOrNoRegularFile) {
  ASSERT_OK(WriteFileAtomically(Path("f"), "12345"));
  EXPECT_OK(ReadFile(Path("f"), 5));
  EXPECT_THAT(ReadFile(Path("f"), 4), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("larger than 4 bytes")));
  EXPECT_THAT(ReadFile("/proc/self/status", 4), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadFile(directory_->path()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no regular file")));
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(ReadFile(Path("fifo")), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FileTest, RefusesPathsThatAreNone) {
  EXPECT_THAT(ReadFile(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadFile(std::string("/tmp\0x", 6)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(RemoveAll(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FileTest, WriteReplacesAndSetsTheModeWhateverTheUmask) {
  const mode_t before = umask(0077);
  ASSERT_OK(WriteFileAtomically(Path("f"), "old", 0600));
  EXPECT_EQ(ModeOf(Path("f")), 0600u);
  ASSERT_OK(WriteFileAtomically(Path("f"), "new", 0644));
  umask(before);
  EXPECT_EQ(ModeOf(Path("f")), 0644u);
  EXPECT_THAT(ReadFile(Path("f")), IsOkAndHolds("new"));
  EXPECT_EQ(FilesInDirectory(), 1u);
}

TEST_F(FileTest, AFailedWriteLeavesNothingBehind) {
  ASSERT_OK(MakeDirectories(Path("taken/below")));
  EXPECT_FALSE(WriteFileAtomically(Path("taken"), "x").ok());
  EXPECT_EQ(FilesInDirectory(), 1u);
  EXPECT_THAT(WriteFileAtomically(Path("none/f"), "x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(Path("none/f"))));
}

TEST_F(FileTest, MakesDirectoriesWithTheirParents) {
  ASSERT_OK(MakeDirectories(Path("a/b/c/"), 0755));
  EXPECT_EQ(ModeOf(Path("a")), 0700u);
  EXPECT_EQ(ModeOf(Path("a/b")), 0700u);
  EXPECT_EQ(ModeOf(Path("a/b/c")), 0755u);
  EXPECT_OK(MakeDirectories(Path("a/b/c")));
  EXPECT_EQ(ModeOf(Path("a/b/c")), 0755u) << "a directory that is there keeps its mode";
  EXPECT_OK(MakeDirectories("/"));
}

TEST_F(FileTest, AFileInPlaceOfADirectoryIsAnError) {
  ASSERT_OK(WriteFileAtomically(Path("f"), ""));
  EXPECT_THAT(MakeDirectories(Path("f")), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in its place")));
  EXPECT_FALSE(MakeDirectories(Path("f/g")).ok());
}

TEST_F(FileTest, PrivateMeansThisUserAlone) {
  ASSERT_OK(WriteFileAtomically(Path("key"), "", 0600));
  EXPECT_OK(CheckPrivate(Path("key")));
  for (unsigned mode : {0640u, 0604u, 0610u, 0601u, 0620u}) {
    ASSERT_EQ(chmod(Path("key").c_str(), mode), 0);
    EXPECT_THAT(CheckPrivate(Path("key")), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("chmod go=")))
        << mode;
  }
  EXPECT_THAT(CheckPrivate(Path("none")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(FileTest, AFileOfAnotherUserIsNotPrivate) {
  // Only root can give a file away, and only others find files that root owns.
  std::string foreign = "/etc/passwd";
  if (geteuid() == 0) {
    foreign = Path("key");
    ASSERT_OK(WriteFileAtomically(foreign, "", 0600));
    if (chown(foreign.c_str(), 12345, 12345) != 0) foreign = "/proc/1/status";
  }
  EXPECT_THAT(CheckPrivate(foreign), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FileTest, RemoveAllFollowsNoLink) {
  ASSERT_OK(MakeDirectories(Path("kept")));
  ASSERT_OK(WriteFileAtomically(Path("kept/f"), "x"));
  ASSERT_OK(MakeDirectories(Path("gone/below")));
  ASSERT_OK(WriteFileAtomically(Path("gone/below/f"), "x"));
  ASSERT_EQ(symlink(Path("kept").c_str(), Path("gone/link").c_str()), 0);
  EXPECT_OK(RemoveAll(Path("gone")));
  EXPECT_FALSE(std::filesystem::exists(Path("gone")));
  EXPECT_TRUE(std::filesystem::exists(Path("kept/f")));
  EXPECT_OK(RemoveAll(Path("gone"))) << "nothing there is fine";
}

TEST(TemporaryDirectory, IsPrivateAndGoesWithItsOwner) {
  std::string path;
  {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory first, TemporaryDirectory::Create("one"));
    path = first.path();
    EXPECT_OK(CheckPrivate(path));
    ASSERT_OK(WriteFileAtomically(path + "/f", "x"));
    TemporaryDirectory moved = std::move(first);
    EXPECT_TRUE(std::filesystem::exists(path));
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory second, TemporaryDirectory::Create("two"));
    const std::string replaced = second.path();
    second = std::move(moved);
    EXPECT_FALSE(std::filesystem::exists(replaced));
    EXPECT_EQ(second.path(), path);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(TemporaryDirectory::Create("a/b"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TemporaryDirectory, KeptStays) {
  std::string path;
  {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory directory, TemporaryDirectory::Create());
    path = directory.path();
    directory.Keep();
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_OK(RemoveAll(path));
}

TEST_F(FileTest, OneHolderOfADirectoryLockAtATime) {
  {
    ASSERT_OK_AND_ASSIGN(DirectoryLock lock, DirectoryLock::Acquire(directory_->path()));
    EXPECT_THAT(DirectoryLock::Acquire(directory_->path()),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(absl::StrCat("process ", getpid()))));
    DirectoryLock moved = std::move(lock);
    EXPECT_FALSE(DirectoryLock::Acquire(directory_->path()).ok());
  }
  EXPECT_OK(DirectoryLock::Acquire(directory_->path()));
}

TEST_F(FileTest, ADirectoryLockGoesWithItsProcess) {
  ASSERT_OK(WriteFileAtomically(Path("lock"), "99999999 a longer text than any process id\n"));
  const pid_t child = fork();
  if (child == 0) {
    absl::StatusOr<DirectoryLock> lock = DirectoryLock::Acquire(directory_->path());
    _exit(lock.ok() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(ReadFile(Path("lock")), IsOkAndHolds(absl::StrCat(child, "\n")));
  EXPECT_OK(DirectoryLock::Acquire(directory_->path()));
}

TEST_F(FileTest, NoLockWithoutADirectory) {
  EXPECT_THAT(DirectoryLock::Acquire(Path("none")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none/lock")));
}

}  // namespace
}  // namespace paranet
