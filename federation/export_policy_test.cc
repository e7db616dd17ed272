#include "federation/export_policy.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

constexpr char kMixed[] = R"(
  syntax = "proto3";
  package mixed.v1;
  import "paranet/v1/options.proto";
  message M {}
  service Mixed {
    rpc Open(M) returns (M);
    rpc Hidden(M) returns (M) { option (paranet.v1.skill).private = true; }
  }
  service Secret {
    option (paranet.v1.skill_set).private = true;
    rpc Tell(M) returns (M);
  }
  service AllHidden {
    rpc Quiet(M) returns (M) { option (paranet.v1.skill).private = true; }
  }
)";

class ExportPolicyTest : public testing::Test {
 protected:
  ExportPolicyTest() : router_(&catalogue_) {
    EXPECT_OK(catalogue_.Offer(actor_, {MakeSkillSet(kMixed, "mixed.v1.Mixed"), MakeSkillSet(kMixed, "mixed.v1.Secret"),
                                        MakeSkillSet(kMixed, "mixed.v1.AllHidden")}));
  }
  absl::StatusOr<Route> Resolve(const std::string& path, const std::string& version = "") {
    return ResolveForPeer(*catalogue_.snapshot(), router_, path, version);
  }

  Catalogue catalogue_;
  Router router_;
  std::shared_ptr<FakeProvider> actor_ = std::make_shared<FakeProvider>("mixed@1.0.0");
};

TEST_F(ExportPolicyTest, ResolvesWhatIsExported) {
  ASSERT_OK_AND_ASSIGN(const Route route, Resolve("/mixed.v1.Mixed/Open"));
  EXPECT_EQ(route.provider, actor_);
  EXPECT_EQ(route.skill->path, "/mixed.v1.Mixed/Open");
  EXPECT_OK(Resolve("/mixed.v1.Mixed/Open", "1.0.0"));
}

TEST_F(ExportPolicyTest, WhatIsNotExportedLooksLikeWhatDoesNotExist) {
  for (const std::string name : {"mixed.v1.Mixed/Hidden", "mixed.v1.Secret/Tell", "mixed.v1.AllHidden/Quiet"}) {
    const absl::Status hidden = Resolve("/" + name).status();
    std::string unknown_path = "/" + name;
    unknown_path.back() = '?';
    std::string expected(Resolve(unknown_path).status().message());
    expected.replace(expected.find(unknown_path), unknown_path.size(), "/" + name);
    EXPECT_THAT(hidden, StatusIs(absl::StatusCode::kUnimplemented, expected));
  }
  EXPECT_THAT(Resolve("/mixed.v1.Mixed/Open", "9.9.9"), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(ExportPolicyTest, ImportsAreNotExportedAgain) {
  auto peer = std::make_shared<FakeProvider>("beta", Provider::Kind::kPeer);
  ASSERT_OK(catalogue_.Offer(peer, {WeatherSkillSet()}));
  EXPECT_THAT(Resolve("/weather.v1.Weather/Current"), StatusIs(absl::StatusCode::kUnimplemented));
  for (const auto& entry : catalogue_.snapshot()->entries()) {
    EXPECT_EQ(IsExported(*entry), entry->set->name() == "mixed.v1.Mixed") << entry->set->name();
  }
}

TEST_F(ExportPolicyTest, AnActorThatIsAwayIsUnavailable) {
  actor_->set_available(false);
  EXPECT_THAT(Resolve("/mixed.v1.Mixed/Open"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ExportPolicyTest, WithoutAVersionTheHighestExportedIsMeant) {
  auto weather = std::make_shared<FakeProvider>("weather@1.0.0");
  ASSERT_OK(catalogue_.Offer(weather, {WeatherSkillSet("1.0.0"), WeatherSkillSet("1.2.0")}));
  ASSERT_OK_AND_ASSIGN(const Route route, Resolve("/weather.v1.Weather/Current"));
  EXPECT_EQ(route.skill_set->version().ToString(), "1.2.0");
}

}  // namespace
}  // namespace paranet
