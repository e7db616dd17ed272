#include "core/package/manifest_yaml.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr char kGood[] = R"(id: weather
version: 1.0.0
name: Weather reports
description: For everybody
actors:
  - id: weather
    version: 1.2.3
    library: lib/weather.so
    skillsets: [weather.v1.Weather, weather.v1.Alerts]
    descriptors: weather.binpb
    isolation: process
    concurrency: concurrent
    env: {CITY: Oslo, PORT: 8080, EMPTY: ""}
    limits: {mailbox: 1, streams: 2, memory_bytes: 5000000000, processors_milli: 500}
    network: true
)";

// kGood with `from` replaced by `to`; the error that this makes.
std::string ErrorWith(absl::string_view from, absl::string_view to) {
  const std::string text = absl::StrReplaceAll(kGood, {{from, to}});
  EXPECT_NE(text, kGood) << from;
  const absl::StatusOr<v1::Manifest> manifest = ParseManifestYaml(text, "p.yaml");
  if (manifest.ok()) return "accepted";
  EXPECT_EQ(manifest.status().code(), absl::StatusCode::kInvalidArgument) << manifest.status();
  return std::string(manifest.status().message());
}

TEST(ManifestYamlTest, ReadsEveryKey) {
  ASSERT_OK_AND_ASSIGN(const v1::Manifest manifest, ParseManifestYaml(kGood));
  EXPECT_EQ(manifest.id(), "weather");
  EXPECT_EQ(manifest.version(), "1.0.0");
  EXPECT_EQ(manifest.name(), "Weather reports");
  EXPECT_EQ(manifest.description(), "For everybody");
  EXPECT_EQ(manifest.files_size(), 0);
  ASSERT_EQ(manifest.actors_size(), 1);
  const v1::ActorManifest& actor = manifest.actors(0);
  EXPECT_EQ(actor.id(), "weather");
  EXPECT_EQ(actor.version(), "1.2.3");
  EXPECT_EQ(actor.library(), "lib/weather.so");
  EXPECT_THAT(actor.skill_sets(), ElementsAre("weather.v1.Weather", "weather.v1.Alerts"));
  EXPECT_EQ(actor.descriptors(), "weather.binpb");
  EXPECT_EQ(actor.isolation(), v1::ActorManifest::PROCESS);
  EXPECT_TRUE(actor.network());
  EXPECT_EQ(actor.concurrency(), v1::ActorManifest::CONCURRENT);
  EXPECT_THAT(actor.env(), UnorderedElementsAre(Pair("CITY", "Oslo"), Pair("PORT", "8080"), Pair("EMPTY", "")));
  EXPECT_EQ(actor.limits().mailbox(), 1u);
  EXPECT_EQ(actor.limits().streams(), 2u);
  EXPECT_EQ(actor.limits().memory_bytes(), 5000000000u);
  EXPECT_EQ(actor.limits().processors_milli(), 500u);
}

TEST(ManifestYamlTest, LeavesOutWhatIsOptional) {
  ASSERT_OK_AND_ASSIGN(const v1::Manifest manifest, ParseManifestYaml(R"(
id: weather
version: 1.0.0
actors:
- id: a
  version: 1.0.0
  exec: [bin/weather, --port, 80]
  skillsets: [weather.v1.Weather]
  descriptors: weather.binpb
- id: b
  version: 1.0.0
  python: weather.main
  isolation: process
  concurrency: one_at_a_time
  skillsets:
  - weather.v1.Weather
  descriptors: weather.binpb
)"));
  ASSERT_EQ(manifest.actors_size(), 2);
  EXPECT_THAT(manifest.actors(0).exec().command(), ElementsAre("bin/weather", "--port", "80"));
  EXPECT_EQ(manifest.actors(0).isolation(), v1::ActorManifest::ISOLATION_UNSPECIFIED);
  EXPECT_EQ(manifest.actors(0).concurrency(), v1::ActorManifest::CONCURRENCY_UNSPECIFIED);
  EXPECT_FALSE(manifest.actors(0).has_limits());
  EXPECT_EQ(manifest.actors(1).python(), "weather.main");
  EXPECT_EQ(manifest.actors(1).isolation(), v1::ActorManifest::PROCESS);
  EXPECT_EQ(manifest.actors(1).concurrency(), v1::ActorManifest::ONE_AT_A_TIME);
}

TEST(ManifestYamlTest, UnknownKeysGetTheNearestOne) {
  EXPECT_EQ(ErrorWith("library:", "libary:"),
            "p.yaml:8:5: key \"libary\" is unknown in an actor. Did you mean \"library\"?");
  EXPECT_THAT(ErrorWith("version: 1.0.0", "verison: 1.0.0"),
              AllOf(StartsWith("p.yaml:2:1: "), HasSubstr("Did you mean \"version\"?")));
  EXPECT_THAT(ErrorWith("mailbox", "mailbocks"), AllOf(StartsWith("p.yaml:14:14: "), HasSubstr("\"mailbox\"?")));
  EXPECT_THAT(ErrorWith("name: Weather", "zzzzzzzzzz: Weather"),
              HasSubstr("Known are id, version, name, description, build, actors."));
  // Merge keys are keys like others.
  EXPECT_THAT(ErrorWith("name: Weather", "<<: Weather"), HasSubstr("key \"<<\" is unknown"));
}

TEST(ManifestYamlTest, MissingKeysAreNamed) {
  EXPECT_EQ(ErrorWith("id: weather\nversion: 1.0.0", "version: 1.0.0"),
            "p.yaml:1:1: key \"id\" is missing in the package");
  EXPECT_EQ(ErrorWith("    version: 1.2.3\n", ""), "p.yaml:6:5: key \"version\" is missing in an actor");
  EXPECT_THAT(ErrorWith("    descriptors: weather.binpb\n", ""), HasSubstr("key \"descriptors\" is missing"));
  EXPECT_THAT(ErrorWith("    skillsets: [weather.v1.Weather, weather.v1.Alerts]\n", ""),
              HasSubstr("key \"skillsets\" is missing"));
  EXPECT_THAT(ErrorWith("    library: lib/weather.so\n", ""),
              AllOf(StartsWith("p.yaml:6:5: "), HasSubstr("one of library, exec and python")));
}

TEST(ManifestYamlTest, WrongTypesAreNamed) {
  EXPECT_THAT(ErrorWith("id: weather\nver", "id: [weather]\nver"), StartsWith("p.yaml:1:5: this key must be text"));
  EXPECT_THAT(ErrorWith("name: Weather reports", "name:"), HasSubstr("has no value"));
  EXPECT_THAT(ErrorWith("[weather.v1.Weather, weather.v1.Alerts]", "weather.v1.Weather"),
              StartsWith("p.yaml:9:16: skillsets must be a list"));
  EXPECT_THAT(ErrorWith("weather.v1.Alerts]", "{a: b}]"), StartsWith("p.yaml:9:37: this key must be text"));
  EXPECT_THAT(ErrorWith("{CITY: Oslo, PORT: 8080, EMPTY: \"\"}", "[a]"), HasSubstr("env must be a map"));
  EXPECT_THAT(ErrorWith("CITY: Oslo", "CITY: [Oslo]"), HasSubstr("CITY must be text"));
  EXPECT_THAT(ErrorWith("CITY: Oslo", "CITY:"), HasSubstr("CITY has no value"));
  EXPECT_THAT(ErrorWith("{mailbox: 1, streams: 2, memory_bytes: 5000000000, processors_milli: 500}", "100"),
              HasSubstr("limits must be a map"));
  EXPECT_THAT(ErrorWith("lib/weather.so", "{}"), StartsWith("p.yaml:8:14: this key must be text"));
  EXPECT_THAT(ParseManifestYaml("- a"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("must be a map")));
  EXPECT_THAT(ParseManifestYaml("id: a\nversion: 1.0.0\nactors: {}\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("paranet.yaml:3:9: actors must be a list")));
  EXPECT_THAT(ParseManifestYaml("id: a\nversion: 1.0.0\nactors: [a]\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("an actor must be a map")));
}

TEST(ManifestYamlTest, LimitsAreWholeNumbersInRange) {
  for (const char* bad : {"-1", "+1", "1.5", "1e3", "0x10", "many", "''", "4294967296", "[1]", "null", "' 1'"}) {
    EXPECT_THAT(ErrorWith("mailbox: 1,", absl::StrCat("mailbox: ", bad, ",")), HasSubstr("a whole number from 0"))
        << bad;
  }
  EXPECT_THAT(ErrorWith("5000000000", "18446744073709551616"), HasSubstr("a whole number from 0"));
  EXPECT_EQ(ErrorWith("5000000000", "18446744073709551615"), "accepted");
}

TEST(ManifestYamlTest, DuplicatesAreRefused) {
  EXPECT_THAT(ErrorWith("name: Weather reports\n", "name: a\nname: b\n"),
              StartsWith("p.yaml:4:1: key \"name\" is there twice"));
  const std::string actor = "actors:\n  - {id: weather, version: 1.0.0, library: a, skillsets: [a.B], descriptors: d}";
  EXPECT_THAT(ErrorWith("actors:", actor),
              StartsWith("p.yaml:7:9: two actors have the id \"weather\", this one and that in line 6"));
  EXPECT_THAT(ErrorWith("weather.v1.Alerts", "weather.v1.Weather"), HasSubstr("named twice"));
}

TEST(ManifestYamlTest, NamesAndVersionsAreChecked) {
  EXPECT_THAT(ErrorWith("id: weather\nver", "id: Weather\nver"),
              AllOf(StartsWith("p.yaml:1:5: "), HasSubstr("Weather")));
  EXPECT_THAT(ErrorWith("- id: weather", "- id: we_ather"), AllOf(StartsWith("p.yaml:6:9: "), HasSubstr("we_ather")));
  EXPECT_THAT(ErrorWith("1.2.3", "1.2"), AllOf(StartsWith("p.yaml:7:14: "), HasSubstr("1.2")));
  EXPECT_THAT(ErrorWith("1.0.0", "latest"), AllOf(StartsWith("p.yaml:2:10: "), HasSubstr("latest")));
  EXPECT_THAT(ErrorWith("weather.v1.Alerts", "weather/alerts"),
              StartsWith("p.yaml:9:37: skill set \"weather/alerts\""));
  EXPECT_THAT(ErrorWith("CITY", "CI-TY"), StartsWith("p.yaml:13:11: env name \"CI-TY\""));
  EXPECT_THAT(ErrorWith("Weather reports", "\"\\e[2J\""), AllOf(StartsWith("p.yaml:3:7: "), HasSubstr("control")));
}

TEST(ManifestYamlTest, PathsStayWithinThePackage) {
  EXPECT_THAT(ErrorWith("lib/weather.so", "/lib/weather.so"),
              AllOf(StartsWith("p.yaml:8:14: "), HasSubstr("absolute")));
  EXPECT_THAT(ErrorWith("lib/weather.so", "../weather.so"), AllOf(StartsWith("p.yaml:8:14: "), HasSubstr("..")));
  EXPECT_THAT(ErrorWith("weather.binpb", "a/../b"), StartsWith("p.yaml:10:18: "));
  EXPECT_THAT(ErrorWith("library: lib/weather.so", "exec: [/bin/sh]"),
              AllOf(StartsWith("p.yaml:8:12: "), HasSubstr("absolute")));
}

TEST(ManifestYamlTest, EmptyListsAreRefused) {
  EXPECT_THAT(ErrorWith("[weather.v1.Weather, weather.v1.Alerts]", "[]"),
              StartsWith("p.yaml:9:16: skillsets must not be empty"));
  EXPECT_THAT(ErrorWith("library: lib/weather.so", "exec: []"), HasSubstr("exec must not be empty"));
  EXPECT_THAT(ParseManifestYaml("id: a\nversion: 1.0.0\nactors: []\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("actors must not be empty")));
  EXPECT_THAT(ParseManifestYaml(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("paranet.yaml:1:1: ")));
}

TEST(ManifestYamlTest, WordsAreChecked) {
  EXPECT_THAT(ErrorWith("isolation: process", "isolation: in-process"),
              AllOf(StartsWith("p.yaml:11:16: \"in-process\" is not one of in_process, process."),
                    HasSubstr("Did you mean \"in_process\"")));
  EXPECT_THAT(ErrorWith("network: true", "network: yes"),
              StartsWith("p.yaml:15:14: \"yes\" is not one of true, false."));
  EXPECT_THAT(ErrorWith(": concurrent", ": parallel"), HasSubstr("one_at_a_time, concurrent"));
}

TEST(ManifestYamlTest, AnActorHasOneKindOfCode) {
  EXPECT_THAT(ErrorWith("    library: lib/weather.so\n", "    library: lib/weather.so\n    python: weather\n"),
              AllOf(StartsWith("p.yaml:9:13: "), HasSubstr("not several")));
  EXPECT_THAT(ErrorWith("library: lib/weather.so\n    skillsets: [weather.v1.Weather, weather.v1.Alerts]\n    "
                        "descriptors: weather.binpb\n    isolation: process",
                        "python: weather\n    isolation: in_process"),
              HasSubstr("in_process is for libraries only"));
}

TEST(ManifestYamlTest, APythonActorsCodeSaysWhatItServes) {
  constexpr char kPython[] = "id: a\nversion: 1.0.0\nactors:\n- {id: a, version: 1.0.0, python: a.main";
  ASSERT_OK_AND_ASSIGN(const v1::Manifest manifest, ParseManifestYaml(absl::StrCat(kPython, "}\n")));
  EXPECT_EQ(manifest.actors(0).descriptors(), "");
  EXPECT_EQ(manifest.actors(0).skill_sets_size(), 0);
  EXPECT_OK(ParseManifestYaml(absl::StrCat(kPython, ", skillsets: [a.A]}\n")));
  // Descriptors without the services in them say too little.
  EXPECT_THAT(ParseManifestYaml(absl::StrCat(kPython, ", descriptors: a.binpb}\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no skill sets")));
}

TEST(ManifestYamlTest, LimitsOfAProcess) {
  const std::string from = "processors_milli: 500";
  for (const char* good : {"open_files: 16", "open_files: 1048576", "processes: 1", "processes: 32768",
                           "cpu_seconds: 4294967295", "start_timeout_ms: 100", "start_timeout_ms: 600000",
                           "hang_timeout_ms: 3600000", "per_caller: 1", "open_files: 0", "per_caller: 0"}) {
    EXPECT_EQ(ErrorWith(from, good), "accepted") << good;
  }
  for (const char* bad : {"open_files: 15", "open_files: 1048577", "processes: 32769", "start_timeout_ms: 99",
                          "start_timeout_ms: 600001", "hang_timeout_ms: 3600001", "processors_milli: 1024001",
                          // More than the mailbox.
                          "per_caller: 2"}) {
    EXPECT_THAT(ErrorWith(from, bad),
                AllOf(StartsWith("p.yaml:6:5: actor \"weather\": limit "), HasSubstr("0 (the node's default)")))
        << bad;
  }
  EXPECT_THAT(ErrorWith("5000000000", "999999"), HasSubstr("at least 1000000"));
}

TEST(ManifestYamlTest, WhatIsOfAProcessNeedsOne) {
  EXPECT_THAT(ErrorWith("isolation: process", "isolation: in_process"),
              AllOf(HasSubstr("limit memory_bytes"), HasSubstr("in_process")));
  EXPECT_THAT(ErrorWith("isolation: process\n    concurrency: concurrent\n    env: {CITY: Oslo, PORT: 8080, EMPTY: "
                        "\"\"}\n    limits: {mailbox: 1, streams: 2, memory_bytes: 5000000000, processors_milli: 500}",
                        "isolation: in_process\n    limits: {mailbox: 1, streams: 2, per_caller: 1}"),
              HasSubstr("network is granted to a process"));
}

TEST(ManifestYamlTest, YamlItselfIsChecked) {
  EXPECT_THAT(ErrorWith("Weather reports", "&a Weather reports"), StartsWith("p.yaml:3:7: anchors are not allowed"));
  EXPECT_THAT(ErrorWith("Weather reports", "*a"), StartsWith("p.yaml:3:7: "));
  EXPECT_THAT(ErrorWith("actors:", "actors: ]"), StartsWith("p.yaml:5:"));
}

}  // namespace
}  // namespace paranet
