#include "core/node/actor_policy.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "paranet/v1/package.pb.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kAll[] = R"(
defaults:
  isolation: process
  env: {REGION: eu, LEVEL: info}
  limits: {mailbox: 10, open_files: 64}
packages:
  weather:
    network: true
    env: {CITY: Oslo, LEVEL: debug}
    from_env: {API_KEY: WEATHER_API_KEY}
    limits: {mailbox: 20, memory_bytes: 8589934592}
    actors:
      weather:
        isolation: in_process
        network: false
        env: {CITY: Bergen}
        limits: {per_caller: 3}
)";

std::optional<std::string> Environment(const std::string& name) {
  if (name == "WEATHER_API_KEY") return "secret";
  return std::nullopt;
}

ActorPolicy MustParse(absl::string_view text) {
  absl::StatusOr<ActorPolicy> policy = ActorPolicy::Parse(text, "actors.yaml");
  EXPECT_OK(policy);
  return *std::move(policy);
}

TEST(ActorPolicy, AnActorGoesBeforeItsPackageAndThatBeforeTheDefaults) {
  const ActorPolicy policy = MustParse(kAll);
  ASSERT_OK_AND_ASSIGN(const ActorSettings settings, policy.Resolve("weather", "weather", Environment));
  EXPECT_EQ(settings.isolation, v1::ActorManifest::IN_PROCESS);
  EXPECT_FALSE(settings.network);
  EXPECT_THAT(settings.env, UnorderedElementsAre(Pair("REGION", "eu"), Pair("LEVEL", "debug"), Pair("CITY", "Bergen"),
                                                 Pair("API_KEY", "secret")));
  EXPECT_EQ(settings.limits.mailbox(), 20);
  EXPECT_EQ(settings.limits.open_files(), 64);
  EXPECT_EQ(settings.limits.per_caller(), 3);
  EXPECT_EQ(settings.limits.memory_bytes(), uint64_t{8} << 30);
}

TEST(ActorPolicy, AnotherActorOfThePackageHasThePackages) {
  const ActorPolicy policy = MustParse(kAll);
  ASSERT_OK_AND_ASSIGN(const ActorSettings settings, policy.Resolve("weather", "archive", Environment));
  EXPECT_EQ(settings.isolation, v1::ActorManifest::PROCESS);
  EXPECT_TRUE(settings.network);
  EXPECT_THAT(settings.env, testing::Contains(Pair("CITY", "Oslo")));
}

TEST(ActorPolicy, AnotherPackageHasTheDefaults) {
  const ActorPolicy policy = MustParse(kAll);
  ASSERT_OK_AND_ASSIGN(const ActorSettings settings, policy.Resolve("greeter", "greeter", Environment));
  EXPECT_EQ(settings.isolation, v1::ActorManifest::PROCESS);
  EXPECT_FALSE(settings.network);
  EXPECT_THAT(settings.env, UnorderedElementsAre(Pair("REGION", "eu"), Pair("LEVEL", "info")));
}

TEST(ActorPolicy, AnEmptyFileSaysNothing) {
  for (const char* text : {"", "# nothing\n", "packages: {}\n"}) {
    ASSERT_OK_AND_ASSIGN(const ActorSettings settings, MustParse(text).Resolve("weather", "weather", Environment));
    EXPECT_THAT(settings.env, IsEmpty());
    EXPECT_FALSE(settings.network);
    EXPECT_EQ(settings.isolation, std::nullopt);
  }
}

TEST(ActorPolicy, WhatIsWrongIsNamedWithItsPlace) {
  const struct {
    const char* text;
    const char* place;
    const char* says;
  } kCases[] = {
      {"package: {}", ":1:1: ", "Did you mean \"packages\"?"},
      {"[]", ":1:1: ", "must be a map"},
      {"packages: []", ":1:11: ", "packages must be a map of ids to settings"},
      {"packages: {Weather: {}}", ":1:12: ", "package id"},
      {"packages: {weather: }", ":1:", "must be a map"},
      {"packages:\n  weather:\n    netwrk: true", ":3:5: ", "Did you mean \"network\"?"},
      {"packages:\n  weather:\n    network: maybe", ":3:14: ", "true or false"},
      {"packages:\n  weather:\n    isolation: proces", ":3:16: ", "Did you mean \"process\""},
      {"packages:\n  weather:\n    isolation: [process]", ":3:16: ", "in_process or process"},
      {"packages:\n  weather:\n    env: [A]", ":3:10: ", "env must be a map"},
      {"packages:\n  weather:\n    env: {1A: x}", ":3:11: ", "1A"},
      {"packages:\n  weather:\n    env: {A: [x]}", ":3:14: ", "the value of A must be text"},
      {"packages:\n  weather:\n    from_env: {A: b-c}", ":3:19: ", "b-c"},
      {"packages:\n  weather:\n    files: {A: token}", ":3:16: ", "absolute path"},
      {"packages:\n  weather:\n    env: {A: x}\n    from_env: {A: B}", ":4:16: ", "in line 3 already"},
      {"packages:\n  weather:\n    limits: {mailbx: 1}", ":3:14: ", "Did you mean \"mailbox\"?"},
      {"packages:\n  weather:\n    limits: {mailbox: -1}", ":3:23: ", "whole number"},
      {"packages:\n  weather:\n    limits: {mailbox: 4294967296}", ":3:23: ", "4294967295"},
      {"packages:\n  weather:\n    actors: {weather: {actors: {}}}", ":3:24: ", "unknown in the settings of an actor"},
      {"defaults: {actors: {}}", ":1:12: ", "unknown"},
      {"packages: {weather: {}, weather: {}}", ":1:25: ", "twice"},
      {"defaults: &a {}", ":1:", "anchors"},
  };
  for (const auto& test : kCases) {
    EXPECT_THAT(ActorPolicy::Parse(test.text, "actors.yaml").status(),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(absl::StrCat("actors.yaml", test.place)), HasSubstr(test.says))))
        << test.text;
  }
}

TEST(ActorPolicy, AVariableThatIsNotThereIsNamedWithItsPlace) {
  const ActorPolicy policy = MustParse("packages:\n  weather:\n    from_env: {KEY: NOTHING}");
  EXPECT_THAT(policy.Resolve("weather", "weather", Environment).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("actors.yaml:3:21: "), HasSubstr("no variable NOTHING"))));
  // Of no concern to others.
  EXPECT_OK(policy.Resolve("greeter", "greeter", Environment));
}

class ActorPolicyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory folder, TemporaryDirectory::Create());
    folder_.emplace(std::move(folder));
  }
  std::string Path(absl::string_view name) const { return absl::StrCat(folder_->path(), "/", name); }
  std::string Write(absl::string_view name, absl::string_view content, unsigned mode) const {
    EXPECT_OK(WriteFileAtomically(Path(name), content, mode));
    return Path(name);
  }
  absl::Status ResolveSecret(const std::string& file) const {
    const ActorPolicy policy = MustParse(absl::StrCat("defaults: {files: {TOKEN: ", file, "}}"));
    absl::StatusOr<ActorSettings> settings = policy.Resolve("a", "a", Environment);
    if (settings.ok()) token_ = settings->env.at("TOKEN");
    return settings.status();
  }

  std::optional<TemporaryDirectory> folder_;
  mutable std::string token_;
};

TEST_F(ActorPolicyFileTest, ASecretFileIsReadWithoutItsLastLineFeed) {
  EXPECT_OK(ResolveSecret(Write("token", "s3cret\n", 0600)));
  EXPECT_EQ(token_, "s3cret");
  EXPECT_OK(ResolveSecret(Write("token", "two\nlines\n\n", 0400)));
  EXPECT_EQ(token_, "two\nlines\n");
  EXPECT_OK(ResolveSecret(Write("token", "", 0600)));
  EXPECT_EQ(token_, "");
}

TEST_F(ActorPolicyFileTest, ASecretFileThatOthersCanReadIsRefused) {
  for (const unsigned mode : {0644u, 0640u, 0604u, 0660u}) {
    EXPECT_THAT(ResolveSecret(Write("token", "s3cret", mode)),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("chmod go= ")));
  }
}

TEST_F(ActorPolicyFileTest, ASecretFileThatIsNoneIsRefused) {
  EXPECT_THAT(ResolveSecret(Path("nothing")), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("nothing")));
  EXPECT_THAT(ResolveSecret(Write("binary", std::string("a\0b", 3), 0600)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("UTF-8")));
  EXPECT_THAT(ResolveSecret(Write("latin1", "\xe9", 0600)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("UTF-8")));
  EXPECT_THAT(ResolveSecret(Write("large", std::string((64 << 10) + 1, 'x'), 0600)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("large")));
}

TEST_F(ActorPolicyFileTest, WithoutAFileNothingIsSaid) {
  ASSERT_OK_AND_ASSIGN(const ActorSettings settings, ReadActorSettings(Path("actors.yaml"), "a", "a"));
  EXPECT_FALSE(settings.network);
  EXPECT_THAT(settings.env, IsEmpty());
}

TEST_F(ActorPolicyFileTest, EachReadSeesTheFileAsItIs) {
  const std::string file = Write("actors.yaml", "defaults: {env: {A: one}}", 0600);
  ASSERT_OK_AND_ASSIGN(const ActorSettings first, ReadActorSettings(file, "a", "a"));
  EXPECT_EQ(first.env.at("A"), "one");
  Write("actors.yaml", "defaults: {env: {A: two}}", 0600);
  ASSERT_OK_AND_ASSIGN(const ActorSettings second, ReadActorSettings(file, "a", "a"));
  EXPECT_EQ(second.env.at("A"), "two");
  Write("actors.yaml", "defauts: {}", 0600);
  EXPECT_THAT(ReadActorSettings(file, "a", "a"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Did you mean \"defaults\"?")));
}

TEST_F(ActorPolicyFileTest, AFileThatOthersMayWriteIsRefused) {
  const std::string file = Write("actors.yaml", "", 0644);
  EXPECT_OK(ReadActorSettings(file, "a", "a"));
  ASSERT_EQ(::chmod(file.c_str(), 0664), 0);
  EXPECT_THAT(ReadActorSettings(file, "a", "a"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("chmod go-w ")));
}

TEST_F(ActorPolicyFileTest, OnlyWhatIsValidIsInstalled) {
  const std::string good = Write("good.yaml", "defaults: {env: {A: one}}", 0644);
  ASSERT_OK(InstallActorPolicy(good, folder_->path()));
  struct stat info {};
  ASSERT_EQ(::stat(ActorPolicyFile(folder_->path()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  const std::string bad = Write("bad.yaml", "defaults: [", 0644);
  EXPECT_THAT(InstallActorPolicy(bad, folder_->path()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad)));
  ASSERT_OK_AND_ASSIGN(const ActorSettings settings, ReadActorSettings(ActorPolicyFile(folder_->path()), "a", "a"));
  EXPECT_EQ(settings.env.at("A"), "one");
  EXPECT_THAT(InstallActorPolicy(Path("nothing"), folder_->path()), StatusIs(absl::StatusCode::kNotFound));
}

TEST(DefaultIsolation, StrangersRunInProcessesOfTheirOwn) {
  EXPECT_EQ(DefaultIsolation("", ""), v1::ActorManifest::IN_PROCESS);
  EXPECT_EQ(DefaultIsolation("paranet://acme/publisher/tools", "acme"), v1::ActorManifest::IN_PROCESS);
  EXPECT_EQ(DefaultIsolation("paranet://other/publisher/tools", "acme"), v1::ActorManifest::PROCESS);
  EXPECT_EQ(DefaultIsolation("paranet://acme/publisher/tools", ""), v1::ActorManifest::PROCESS);
  EXPECT_EQ(DefaultIsolation("anything", "acme"), v1::ActorManifest::PROCESS);
}

}  // namespace
}  // namespace paranet
