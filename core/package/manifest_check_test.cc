#include "core/package/manifest_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "core/package/package_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(CheckPackagePathTest, AcceptsPathsWithinThePackage) {
  for (const char* path : {"a", "lib/a.so", "a b/c", "...", ".hidden", "bl\xC3\xA5", "a\\b"}) {
    EXPECT_OK(CheckPackagePath(path)) << path;
  }
  EXPECT_OK(CheckPackagePath(std::string(255, 'a')));
}

TEST(CheckPackagePathTest, RefusesAllOthers) {
  for (const char* path : {"", "/", "/etc/passwd", "a//b", "a/", "/a", ".", "..", "../a", "a/..", "a/../b", "./a",
                           "a/./b", "a\nb", "a\x1B[2J", "\xFF", "a\x7F", "\xC2\x9B"}) {
    EXPECT_THAT(CheckPackagePath(path), StatusIs(kInvalid)) << path;
  }
  EXPECT_THAT(CheckPackagePath(absl::string_view("a\0b", 3)), StatusIs(kInvalid, HasSubstr("\"a\\000b\"")));
  EXPECT_THAT(CheckPackagePath(std::string(256, 'a')), StatusIs(kInvalid, HasSubstr("longer than 255")));
  EXPECT_THAT(CheckPackagePath(absl::StrCat(std::string(255, 'a'), "/", std::string(254, 'b'), "/", "c")), IsOk());
  EXPECT_THAT(CheckPackagePath(absl::StrCat(std::string(255, 'a'), "/", std::string(255, 'b'), "/", "c")),
              StatusIs(kInvalid, HasSubstr("longer than 512")));
}

TEST(CheckPackagePathTest, NeverPutsControlCharactersIntoItsMessage) {
  EXPECT_THAT(CheckPackagePath("a\x1B[2J"), StatusIs(kInvalid, HasSubstr("\"a\\033[2J\"")));
}

TEST(CheckNamesTest, ServicesModulesAndEnvironment) {
  EXPECT_OK(CheckServiceName("weather.v1.Weather"));
  for (const char* name : {"", ".a", "a.", "a..b", "1a", "a-b", "a/b", "a b"}) {
    EXPECT_THAT(CheckServiceName(name), StatusIs(kInvalid)) << name;
    EXPECT_THAT(CheckPythonModule(name), StatusIs(kInvalid)) << name;
    EXPECT_THAT(CheckEnvironmentName(name), StatusIs(kInvalid)) << name;
  }
  EXPECT_OK(CheckPythonModule("weather.main"));
  EXPECT_OK(CheckEnvironmentName("PATH_2"));
  EXPECT_THAT(CheckEnvironmentName("a.b"), StatusIs(kInvalid));
}

TEST(CheckManifestTest, AcceptsAPackage) {
  EXPECT_OK(CheckManifest(WeatherPackage().manifest));
  EXPECT_THAT(CheckManifest(WeatherManifest()), StatusIs(kInvalid, HasSubstr("not among the package's files")));
  EXPECT_OK(CheckManifestHead(WeatherManifest()));
}

TEST(CheckManifestTest, RefusesBadHeads) {
  v1::Manifest bad = WeatherManifest();
  bad.set_id("Weather");
  EXPECT_THAT(CheckManifestHead(bad), StatusIs(kInvalid, HasSubstr("Weather")));
  bad = WeatherManifest();
  bad.set_version("1.0");
  EXPECT_THAT(CheckManifestHead(bad), StatusIs(kInvalid, HasSubstr("1.0")));
  bad = WeatherManifest();
  bad.set_name("a\x1B[2J");
  EXPECT_THAT(CheckManifestHead(bad), StatusIs(kInvalid, HasSubstr("name")));
  bad = WeatherManifest();
  bad.set_description(std::string(4097, 'x'));
  EXPECT_THAT(CheckManifestHead(bad), StatusIs(kInvalid, HasSubstr("description")));
  bad = WeatherManifest();
  bad.clear_actors();
  EXPECT_THAT(CheckManifestHead(bad), StatusIs(kInvalid, HasSubstr("no actors")));
  bad = WeatherManifest();
  *bad.add_actors() = bad.actors(0);
  EXPECT_THAT(CheckManifestHead(bad), StatusIs(kInvalid, HasSubstr("two actors have the id \"weather\"")));
}

TEST(CheckManifestTest, RefusesBadActors) {
  const v1::ActorManifest good = WeatherManifest().actors(0);
  EXPECT_OK(CheckActor(good));
  v1::ActorManifest bad = good;
  bad.clear_library();
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("one of library, exec and python")));
  bad = good;
  bad.set_library("../weather.so");
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, AllOf(HasSubstr("actor \"weather\""), HasSubstr("library"))));
  bad = good;
  bad.clear_skill_sets();
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("no skill sets")));
  bad = good;
  bad.add_skill_sets("weather.v1.Weather");
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("named twice")));
  bad = good;
  bad.clear_descriptors();
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("descriptors")));
  bad = good;
  (*bad.mutable_env())["A=B"] = "";
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("A=B")));
  bad = good;
  (*bad.mutable_env())["A"] = std::string(1, '\0');
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("env A")));
  bad = good;
  bad.set_isolation(static_cast<v1::ActorManifest::Isolation>(7));
  EXPECT_THAT(CheckActor(bad), StatusIs(kInvalid, HasSubstr("does not know")));
}

TEST(CheckManifestTest, ProgramsAndModulesRunInAProcessOfTheirOwn) {
  v1::ActorManifest actor = WeatherManifest().actors(0);
  actor.set_isolation(v1::ActorManifest::IN_PROCESS);
  EXPECT_OK(CheckActor(actor));
  actor.set_python("weather.main");
  EXPECT_THAT(CheckActor(actor), StatusIs(kInvalid, HasSubstr("in_process is for libraries only")));
  actor.mutable_exec()->add_command("bin/weather");
  EXPECT_THAT(CheckActor(actor), StatusIs(kInvalid, HasSubstr("in_process is for libraries only")));
  actor.set_isolation(v1::ActorManifest::PROCESS);
  EXPECT_OK(CheckActor(actor));
  actor.mutable_exec()->set_command(0, "/bin/sh");
  EXPECT_THAT(CheckActor(actor), StatusIs(kInvalid, HasSubstr("absolute")));
}

TEST(CheckManifestTest, RefusesFilesThatAreMissing) {
  auto files = WeatherFiles();
  files.erase("lib/weather.so");
  files["lib/weathre.so"] = "";
  EXPECT_THAT(CheckManifest(MakePackage(WeatherManifest(), files).manifest),
              StatusIs(kInvalid, AllOf(HasSubstr("actor \"weather\": library \"lib/weather.so\" is not among"),
                                       HasSubstr("Did you mean \"lib/weathre.so\"?"))));
}

TEST(CheckManifestTest, ProgramsMustBeExecutable) {
  v1::Manifest head = WeatherManifest();
  head.mutable_actors(0)->mutable_exec()->add_command("lib/weather.so");
  EXPECT_THAT(CheckManifest(MakePackage(head, WeatherFiles()).manifest),
              StatusIs(kInvalid, HasSubstr("not executable")));
  EXPECT_OK(CheckManifest(MakePackage(head, WeatherFiles(), {"lib/weather.so"}).manifest));
}

TEST(CheckManifestTest, PythonModulesAreFilesOrFolders) {
  v1::Manifest head = WeatherManifest();
  head.mutable_actors(0)->set_python("weather.main");
  auto files = WeatherFiles();
  EXPECT_THAT(CheckManifest(MakePackage(head, files).manifest), StatusIs(kInvalid, HasSubstr("weather/main.py")));
  files["weather/main.py"] = "";
  EXPECT_OK(CheckManifest(MakePackage(head, files).manifest));
  files.erase("weather/main.py");
  files["weather/main/__init__.py"] = "";
  EXPECT_OK(CheckManifest(MakePackage(head, files).manifest));
}

// Replaces the files' paths without sorting them.
v1::Manifest WithFiles(const std::vector<std::string>& paths) {
  v1::Manifest manifest = WeatherManifest();
  for (const std::string& path : paths) {
    v1::PackageFile& file = *manifest.add_files();
    file.set_path(path);
    file.set_sha256(std::string(32, 's'));
  }
  return manifest;
}

TEST(CheckManifestTest, RefusesFilesThatCollide) {
  const std::string library = "lib/weather.so";
  const std::string descriptors = "weather.binpb";
  EXPECT_OK(CheckManifest(WithFiles({library, descriptors})));
  EXPECT_THAT(CheckManifest(WithFiles({descriptors, library})), StatusIs(kInvalid, HasSubstr("not in order")));
  EXPECT_THAT(CheckManifest(WithFiles({library, library, descriptors})), StatusIs(kInvalid, HasSubstr("twice")));
  EXPECT_THAT(CheckManifest(WithFiles({"Lib/weather.so", library, descriptors})),
              StatusIs(kInvalid, HasSubstr("differ in case only")));
  EXPECT_THAT(CheckManifest(WithFiles({"lib", library, descriptors})), StatusIs(kInvalid, HasSubstr("also a folder")));
  EXPECT_THAT(CheckManifest(WithFiles({"LIB", library, descriptors})), StatusIs(kInvalid, HasSubstr("also a folder")));
  EXPECT_THAT(CheckManifest(WithFiles({"../evil", library, descriptors})), StatusIs(kInvalid, HasSubstr("../evil")));
}

TEST(CheckManifestTest, RefusesTooMuch) {
  v1::Manifest manifest = WithFiles({"lib/weather.so", "weather.binpb"});
  manifest.mutable_files(0)->set_size(kMaxPackageBytes);
  EXPECT_OK(CheckManifest(manifest));
  manifest.mutable_files(1)->set_size(1);
  EXPECT_THAT(CheckManifest(manifest), StatusIs(kInvalid, HasSubstr("256 MiB")));
  manifest.mutable_files(1)->set_size(~uint64_t{0});
  EXPECT_THAT(CheckManifest(manifest), StatusIs(kInvalid, HasSubstr("256 MiB")));

  std::vector<std::string> paths;
  for (int i = 0; i < 998; ++i) paths.push_back(absl::StrCat("a", 1000 + i));
  paths.push_back("lib/weather.so");
  paths.push_back("weather.binpb");
  EXPECT_OK(CheckManifest(WithFiles(paths)));
  paths.push_back("z");
  EXPECT_THAT(CheckManifest(WithFiles(paths)), StatusIs(kInvalid, HasSubstr("at most 1000")));
}

TEST(SerializeManifestTest, SameManifestMakesTheSameBytes) {
  v1::Manifest there = WeatherManifest();
  v1::Manifest back = WeatherManifest();
  auto& env = *there.mutable_actors(0)->mutable_env();
  auto& reversed = *back.mutable_actors(0)->mutable_env();
  for (int i = 0; i < 100; ++i) env[absl::StrCat("K", i)] = "v";
  for (int i = 99; i >= 0; --i) reversed[absl::StrCat("K", i)] = "v";
  EXPECT_EQ(SerializeManifest(there), SerializeManifest(back));
}

TEST(ParseManifestTest, RefusesWhatItDoesNotUnderstand) {
  const Package package = WeatherPackage();
  EXPECT_OK(ParseManifest(package.manifest_bytes));
  EXPECT_THAT(ParseManifest("\xFF\xFF"), StatusIs(kInvalid, HasSubstr("not a serialized")));
  EXPECT_THAT(ParseManifest(std::string(kMaxManifestBytes + 1, 'x')), StatusIs(kInvalid, HasSubstr("the most is")));
  // Field 100, wire type 0.
  EXPECT_THAT(ParseManifest(absl::StrCat(package.manifest_bytes, "\xA0\x06\x01")),
              StatusIs(kInvalid, HasSubstr("does not know")));
  v1::Manifest nested = package.manifest;
  nested.mutable_files(1)->GetReflection()->MutableUnknownFields(nested.mutable_files(1))->AddVarint(100, 1);
  EXPECT_THAT(ParseManifest(nested.SerializeAsString()), StatusIs(kInvalid, HasSubstr("does not know")));
}

}  // namespace
}  // namespace paranet
