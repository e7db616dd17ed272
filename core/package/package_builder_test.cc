#include "core/package/package_builder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/package/archive.h"
#include "core/package/manifest_check.h"
#include "core/package/package_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class PackageBuilderTest : public testing::Test {
 protected:
  PackageBuilderTest() {
    absl::StatusOr<TemporaryDirectory> directory = TemporaryDirectory::Create();
    EXPECT_OK(directory);
    directory_.emplace(*std::move(directory));
    WriteGood(folder());
  }

  static void WriteGood(const std::string& folder) {
    WriteFiles(folder, WeatherFiles());
    WriteFiles(folder, {{"paranet.yaml", WeatherYaml()}});
  }

  std::string folder() const { return absl::StrCat(directory_->path(), "/package"); }
  std::string In(absl::string_view path) const { return absl::StrCat(folder(), "/", path); }
  void Write(const std::string& path, const std::string& content) { WriteFiles(folder(), {{path, content}}); }

  std::optional<TemporaryDirectory> directory_;
};

TEST_F(PackageBuilderTest, HasTheManifestAndTheFiles) {
  ASSERT_OK_AND_ASSIGN(const Package package, BuildPackage(folder()));
  EXPECT_EQ(package.files, WeatherFiles());
  EXPECT_EQ(SerializeManifest(package.manifest), SerializeManifest(WeatherPackage().manifest));
  EXPECT_EQ(package.FileName(), "weather-1.0.0.paranet");
  EXPECT_FALSE(package.signature.has_value());
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeArchive(package));
  EXPECT_OK(ParseArchive(bytes));
}

TEST_F(PackageBuilderTest, SameFilesMakeTheSameBytes) {
  ASSERT_OK_AND_ASSIGN(const Package first, BuildPackage(folder()));
  // Another folder, filled in another order, with other times and modes.
  const std::string other = absl::StrCat(directory_->path(), "/other");
  WriteFiles(other, {{"paranet.yaml", WeatherYaml()}});
  const auto files = WeatherFiles();
  for (auto file = files.rbegin(); file != files.rend(); ++file) WriteFiles(other, {*file});
  ASSERT_EQ(chmod(absl::StrCat(other, "/empty").c_str(), 0400), 0);
  std::filesystem::last_write_time(absl::StrCat(other, "/empty"), std::filesystem::file_time_type());
  ASSERT_OK(MakeDirectories(absl::StrCat(other, "/a folder without files")));
  ASSERT_OK_AND_ASSIGN(const Package second, BuildPackage(absl::StrCat(other, "/")));
  EXPECT_EQ(first.manifest_bytes, second.manifest_bytes);
  ASSERT_OK_AND_ASSIGN(const std::string first_bytes, SerializeArchive(first));
  ASSERT_OK_AND_ASSIGN(const std::string second_bytes, SerializeArchive(second));
  EXPECT_EQ(first_bytes, second_bytes);
}

TEST_F(PackageBuilderTest, EveryChangeOfAFileChangesTheDigest) {
  ASSERT_OK_AND_ASSIGN(const Package before, BuildPackage(folder()));
  ASSERT_EQ(chmod(In("lib/weather.so").c_str(), 0755), 0);
  ASSERT_OK_AND_ASSIGN(const Package executable, BuildPackage(folder()));
  EXPECT_NE(before.Digest(), executable.Digest());
  EXPECT_TRUE(executable.manifest.files(1).executable());
  EXPECT_FALSE(executable.manifest.files(0).executable());
  Write("empty", "not any more");
  ASSERT_OK_AND_ASSIGN(const Package filled, BuildPackage(folder()));
  EXPECT_NE(executable.Digest(), filled.Digest());
}

TEST_F(PackageBuilderTest, LeavesOutPackagesBuiltEarlier) {
  ASSERT_OK_AND_ASSIGN(const Package before, BuildPackage(folder()));
  Write("weather-1.0.0.paranet", "built earlier");
  ASSERT_OK_AND_ASSIGN(const Package after, BuildPackage(folder()));
  EXPECT_EQ(before.Digest(), after.Digest());
  Write("data/other.paranet", "a file like others");
  ASSERT_OK_AND_ASSIGN(const Package with_data, BuildPackage(folder()));
  EXPECT_EQ(with_data.files.count("data/other.paranet"), 1u);
}

TEST_F(PackageBuilderTest, LeavesOutWhatPythonLeavesBehind) {
  ASSERT_OK_AND_ASSIGN(const Package before, BuildPackage(folder()));
  Write("__pycache__/main.cpython-311.pyc", "compiled");
  Write("lib/__pycache__/main.cpython-311.pyc", "compiled");
  ASSERT_OK_AND_ASSIGN(const Package after, BuildPackage(folder()));
  EXPECT_EQ(before.Digest(), after.Digest());
}

class PythonPackageTest : public PackageBuilderTest {
 protected:
  PythonPackageTest() {
    Write("main.py", "");
    WriteManifest("");
  }
  // Of a Python actor, with this further line.
  void WriteManifest(absl::string_view more) {
    Write("paranet.yaml", absl::StrCat("id: weather\nversion: 1.0.0\nactors:\n  - id: station\n    version: 1.0.0\n"
                                       "    python: main\n",
                                       more));
  }
  absl::StatusOr<Package> Build() {
    return BuildPackage(folder(),
                        {.python_schema = [this](const std::string& asked,
                                                 const v1::ActorManifest& actor) -> absl::StatusOr<ActorSchema> {
                          EXPECT_EQ(asked, folder());
                          EXPECT_EQ(actor.python(), "main");
                          if (!schema_error_.ok()) return schema_error_;
                          return schema_;
                        }});
  }

  ActorSchema schema_{DescriptorsOf("weather.v1.Weather"), {"weather.v1.Weather"}};
  absl::Status schema_error_;
};

TEST_F(PythonPackageTest, TheCodeSaysWhatItServes) {
  ASSERT_OK_AND_ASSIGN(const Package package, Build());
  EXPECT_EQ(package.files.at("station.binpb"), schema_.descriptors);
  EXPECT_EQ(package.manifest.actors(0).descriptors(), "station.binpb");
  ASSERT_EQ(package.manifest.actors(0).skill_sets_size(), 1);
  EXPECT_EQ(package.manifest.actors(0).skill_sets(0), "weather.v1.Weather");
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeArchive(package));
  EXPECT_OK(ParseArchive(bytes));
  ASSERT_OK_AND_ASSIGN(const Package again, Build());
  EXPECT_EQ(again.Digest(), package.Digest());
}

TEST_F(PythonPackageTest, TheManifestMayNameTheSame) {
  WriteManifest("    skillsets: [weather.v1.Weather]\n");
  EXPECT_OK(Build());
  WriteManifest("    skillsets: [weather.v1.Other]\n");
  EXPECT_THAT(Build(), StatusIs(kInvalid, AllOf(HasSubstr("actor \"station\""), HasSubstr("weather.v1.Weather"),
                                                HasSubstr("weather.v1.Other"))));
}

TEST_F(PythonPackageTest, DescriptorsInTheFolderNeedNoCode) {
  WriteManifest("    skillsets: [weather.v1.Weather]\n    descriptors: weather.binpb\n");
  schema_error_ = absl::InternalError("asked");
  EXPECT_OK(Build());
}

TEST_F(PythonPackageTest, ErrorsNameTheActor) {
  schema_error_ = absl::InvalidArgumentError("main.py, line 3: SyntaxError");
  EXPECT_THAT(Build(), StatusIs(kInvalid, AllOf(HasSubstr("actor \"station\""), HasSubstr("SyntaxError"))));
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("cannot ask Python code")));
  schema_error_ = absl::OkStatus();
  schema_.descriptors = "none";
  EXPECT_THAT(Build(), StatusIs(kInvalid, HasSubstr("skill set \"weather.v1.Weather\" in \"station.binpb\"")));
  schema_.skill_sets.clear();
  EXPECT_THAT(Build(), StatusIs(kInvalid, HasSubstr("no skill sets")));
  schema_ = {DescriptorsOf("weather.v1.Weather"), {"weather.v1.Weather"}};
  Write("station.binpb", "mine");
  EXPECT_THAT(Build(), StatusIs(kInvalid, AllOf(HasSubstr("\"station.binpb\""), HasSubstr("descriptors"))));
}

TEST_F(PackageBuilderTest, SaysWhatIsNotThere) {
  EXPECT_THAT(BuildPackage(In("nothing")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is no folder")));
  EXPECT_THAT(BuildPackage(In("empty")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is no folder")));
  EXPECT_THAT(BuildPackage(In("lib")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("has no paranet.yaml")));
}

TEST_F(PackageBuilderTest, SaysWhereTheManifestIsWrong) {
  Write("paranet.yaml", absl::StrCat(WeatherYaml(), "extra: 1\n"));
  EXPECT_THAT(BuildPackage(folder()),
              StatusIs(kInvalid, HasSubstr("/package/paranet.yaml:11:1: key \"extra\" is unknown")));
}

TEST_F(PackageBuilderTest, RefusesSymbolicLinks) {
  ASSERT_EQ(symlink("/etc/passwd", In("link").c_str()), 0);
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("\"link\" is a symbolic link")));
  ASSERT_EQ(unlink(In("link").c_str()), 0);
  ASSERT_EQ(symlink("/", In("lib/dir").c_str()), 0);
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("\"lib/dir\" is a symbolic link")));
}

TEST_F(PackageBuilderTest, RefusesALinkInThePlaceOfTheManifest) {
  std::filesystem::rename(In("paranet.yaml"), absl::StrCat(directory_->path(), "/elsewhere.yaml"));
  ASSERT_EQ(symlink("../elsewhere.yaml", In("paranet.yaml").c_str()), 0);
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("\"paranet.yaml\" is a symbolic link")));
}

TEST_F(PackageBuilderTest, RefusesPipes) {
  ASSERT_EQ(mkfifo(In("pipe").c_str(), 0600), 0);
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("\"pipe\" is not a regular file")));
}

TEST_F(PackageBuilderTest, RefusesBadNames) {
  for (const char* name : {"a\nb", "a\x1B[2J", "\xFF"}) {
    Write(name, "");
    EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("control characters"))) << name;
    ASSERT_EQ(unlink(In(name).c_str()), 0);
  }
  Write("EMPTY", "");
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("\"EMPTY\" and \"empty\" differ in case only")));
}

TEST_F(PackageBuilderTest, RefusesPathsThatAreTooLong) {
  const std::string part(200, 'd');
  Write(absl::StrCat(part, "/", part, "/", part, "/", "file"), "");
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("longer than 512")));
}

TEST_F(PackageBuilderTest, RefusesTooManyFiles) {
  for (int i = 0; i < 997; ++i) std::ofstream(In(absl::StrCat("file", i))).put('x');
  EXPECT_OK(BuildPackage(folder()));
  std::ofstream(In("one-more")).put('x');
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("more than the 1000 files")));
}

TEST_F(PackageBuilderTest, RefusesTooManyBytes) {
  std::ofstream(In("big")).put('x');
  // Sparse: takes no room on disk.
  std::filesystem::resize_file(In("big"), (uint64_t{256} << 20) + 1);
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, AllOf(HasSubstr("\"big\""), HasSubstr("256 MiB"))));
}

TEST_F(PackageBuilderTest, RefusesAMissingLibrary) {
  ASSERT_EQ(unlink(In("lib/weather.so").c_str()), 0);
  EXPECT_THAT(BuildPackage(folder()),
              StatusIs(kInvalid, HasSubstr("actor \"weather\": library \"lib/weather.so\" is not among")));
}

TEST_F(PackageBuilderTest, RefusesDescriptorsWithoutTheSkillSet) {
  Write("weather.binpb", DescriptorsOf("other.v1.Other"));
  EXPECT_THAT(
      BuildPackage(folder()),
      StatusIs(kInvalid, HasSubstr("actor \"weather\", skill set \"weather.v1.Weather\" in \"weather.binpb\": ")));
  Write("weather.binpb", "no descriptors");
  EXPECT_THAT(BuildPackage(folder()), StatusIs(kInvalid, HasSubstr("\"weather.binpb\": ")));
}

}  // namespace
}  // namespace paranet
