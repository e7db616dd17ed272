#include "core/runtime/package_runtime.h"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/native_provider_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

// A package's folder with one of the actors of testdata.
class PackageRuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
    Put("plain.binpb", CompileProto(ReadAll("core/runtime/testdata/plain.proto")));
    manifest_.set_id("test");
    manifest_.set_version("1.0.0");
    actor_ = AddActor("plain");
  }

  void Put(const std::string& name, const std::string& content) {
    ASSERT_OK(WriteFileAtomically(absl::StrCat(dir_->path(), "/", name), content));
  }

  v1::ActorManifest* AddActor(const std::string& id) {
    v1::ActorManifest* actor = manifest_.add_actors();
    actor->set_id(id);
    actor->set_version("1.2.0");
    actor->set_library("lib.so");
    actor->add_skill_sets("plain.v1.Plain");
    actor->set_descriptors("plain.binpb");
    return actor;
  }

  absl::StatusOr<std::unique_ptr<RunningPackage>> Start(const std::string& library) {
    Put("lib.so", ReadAll(absl::StrCat("core/runtime/testdata/lib", library, ".so")));
    return StartPackage(manifest_, dir_->path(),
                        {.executor = executor_,
                         .settings = [this](absl::string_view, absl::string_view) { return settings_; },
                         .logger = MakeNullLogger()});
  }

  static CallContext Context(const RunningPackage& package, size_t skill) {
    CallContext context;
    context.skill_set = package.offers()[0].skill_sets[0];
    context.skill = &context.skill_set->skills()[skill];
    return context;
  }

  const std::shared_ptr<ActorExecutor> executor_ = std::make_shared<ActorExecutor>();
  std::optional<TemporaryDirectory> dir_;
  v1::Manifest manifest_;
  v1::ActorManifest* actor_ = nullptr;
  ActorSettings settings_;
};

TEST_F(PackageRuntimeTest, OffersWhatTheManifestSays) {
  ASSERT_OK_AND_ASSIGN(const auto package, Start("doubled"));
  ASSERT_EQ(package->offers().size(), 1u);
  EXPECT_EQ(package->offers()[0].provider->name(), "plain@1.2.0");
  ASSERT_EQ(package->offers()[0].skill_sets.size(), 1u);
  EXPECT_EQ(package->offers()[0].skill_sets[0]->name(), "plain.v1.Plain");
}

TEST_F(PackageRuntimeTest, ActorInCThatAnswersTwiceIsHeardOnce) {
  ASSERT_OK_AND_ASSIGN(const auto package, Start("doubled"));
  Provider& provider = *package->offers()[0].provider;
  TestUnaryCaller unary;
  provider.CallUnary(Context(*package, 0), MakePayload("hello"), unary.Done());
  EXPECT_OK(unary.Result().status);
  EXPECT_EQ(PayloadToString(unary.Result().response), "hello");

  TestStreamCaller stream;
  provider.CallStream(Context(*package, 1), stream.TakeStream());
  stream.Send("hi");
  EXPECT_EQ(stream.NextResponse(), "hi");
  EXPECT_EQ(stream.NextResponse(), "hi");
  EXPECT_EQ(stream.NextResponse(), std::nullopt);
  EXPECT_OK(stream.WaitForStatus());
  package->Stop(absl::InfiniteFuture());
  EXPECT_EQ(provider.outstanding(), 0);
}

TEST_F(PackageRuntimeTest, ActorThatNeverAnswersIsAnsweredForByTheDeadlineAndAtTheStop) {
  ASSERT_OK_AND_ASSIGN(const auto package, Start("never_responds"));
  Provider& provider = *package->offers()[0].provider;
  CallContext context = Context(*package, 0);
  TestUnaryCaller forever;
  provider.CallUnary(context, MakePayload(""), forever.Done());
  context.deadline = absl::Now() + absl::Milliseconds(20);
  TestUnaryCaller timed;
  provider.CallUnary(context, MakePayload(""), timed.Done());
  EXPECT_THAT(timed.Result().status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_FALSE(forever.done());
  EXPECT_EQ(provider.outstanding(), 1);
  package->Stop(absl::InfinitePast());
  EXPECT_THAT(forever.Result().status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(PackageRuntimeTest, ExceptionsThroughTheAbiAreCaught) {
  ASSERT_OK_AND_ASSIGN(const auto package, Start("throws"));
  Provider& provider = *package->offers()[0].provider;
  TestUnaryCaller unary;
  provider.CallUnary(Context(*package, 0), MakePayload(""), unary.Done());
  EXPECT_THAT(unary.Result().status, StatusIs(absl::StatusCode::kInternal, HasSubstr("thrown by unary")));
  TestStreamCaller stream;
  provider.CallStream(Context(*package, 1), stream.TakeStream());
  EXPECT_THAT(stream.WaitForStatus(), StatusIs(absl::StatusCode::kInternal));
  package->Stop(absl::InfinitePast());
}

TEST_F(PackageRuntimeTest, ExceptionInCreateIsAnError) {
  (*actor_->mutable_env())["throw"] = "yes";
  EXPECT_THAT(Start("throws"), StatusIs(kInvalid, AllOf(HasSubstr("actor plain"), HasSubstr("thrown by create"))));
}

TEST_F(PackageRuntimeTest, ActorThatDoesNotStartSaysWhy) {
  (*actor_->mutable_env())["colour"] = "red";
  EXPECT_THAT(Start("create_fails"),
              StatusIs(kInvalid,
                       "actor plain: plain@1.2.0 did not start: plain was given 1 options and none is "
                       "\"place\""));
}

TEST_F(PackageRuntimeTest, LibrariesThatAreNoActorsAreRefused) {
  EXPECT_THAT(Start("no_symbol"), StatusIs(kInvalid, AllOf(HasSubstr("actor plain"), HasSubstr("lib.so"),
                                                           HasSubstr("paranet_actor_module"))));
}

TEST_F(PackageRuntimeTest, AnotherAbiVersionIsRefused) {
  EXPECT_THAT(Start("wrong_version"), StatusIs(kInvalid, HasSubstr("version 2 of the actor ABI")));
}

TEST_F(PackageRuntimeTest, FilesThatAreMissingAreNamed) {
  actor_->set_library("other.so");
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("other.so")));
  actor_->set_descriptors("other.binpb");
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("descriptors other.binpb")));
}

TEST_F(PackageRuntimeTest, FilesOutsideOfThePackageAreRefused) {
  for (const char* path : {"../lib.so", "/lib.so", "a/./lib.so", ""}) {
    actor_->set_library(path);
    EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("must be a path within the package"))) << path;
  }
}

TEST_F(PackageRuntimeTest, SkillSetsThatTheDescriptorsDoNotHaveAreRefused) {
  actor_->add_skill_sets("plain.v1.Fancy");
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, AllOf(HasSubstr("plain.binpb"), HasSubstr("plain.v1.Fancy"))));
  actor_->clear_skill_sets();
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("serves no skill set")));
}

TEST_F(PackageRuntimeTest, SkillSetsThatTheLibraryDoesNotServeAreRefused) {
  Put("plain.binpb", CompileProto("syntax = 'proto3'; package plain.v1; message M {}"
                                  "service Plain { rpc Do(M) returns (M); rpc Undo(M) returns (M); }"));
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("does not serve /plain.v1.Plain/Undo")));
}

TEST_F(PackageRuntimeTest, WhatThisNodeCannotRunIsRefusedWithWhatToDo) {
  actor_->set_isolation(v1::ActorManifest::PROCESS);
  EXPECT_THAT(Start("doubled"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a process of its own")));
  actor_->set_isolation(v1::ActorManifest::IN_PROCESS);
  actor_->mutable_limits()->set_memory_bytes(1 << 20);
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("set isolation to process")));
  actor_->clear_limits();
  actor_->set_python("weather");
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("only a library can run in the node's process")));
  actor_->clear_code();
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("it has no code")));
}

TEST_F(PackageRuntimeTest, TheNetworkIsTheOperatorsToGrant) {
  actor_->set_network(true);
  EXPECT_THAT(Start("doubled"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("asks for the network")));
  settings_.network = true;
  EXPECT_OK(Start("doubled").status());
}

TEST_F(PackageRuntimeTest, TheOperatorsSettingsTakeThePlaceOfTheManifests) {
  settings_.env["place"] = "Oslo";
  EXPECT_THAT(Start("create_fails"), StatusIs(kInvalid, HasSubstr("plain was given 1 options")));
  settings_.limits.set_mailbox(4'000'000'000);
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("limits.mailbox")));
  settings_.limits.Clear();
  settings_.isolation = v1::ActorManifest::PROCESS;
  EXPECT_THAT(Start("doubled"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a process of its own")));
}

TEST_F(PackageRuntimeTest, LimitsThatAreNoneAreRefused) {
  actor_->mutable_limits()->set_mailbox(4'000'000'000);
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("limits.mailbox is 4000000000; at most 65536")));
}

TEST_F(PackageRuntimeTest, OneActorThatFailsFailsThePackage) {
  AddActor("second")->set_library("other.so");
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, HasSubstr("actor second")));
}

TEST_F(PackageRuntimeTest, SameActorTwiceIsRefused) {
  AddActor("plain");
  EXPECT_THAT(Start("doubled"), StatusIs(kInvalid, "actor plain stands twice"));
}

}  // namespace
}  // namespace paranet
