#include "core/routing/router.h"

#include <map>
#include <memory>
#include <string>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RouterTest : public testing::Test {
 protected:
  std::shared_ptr<FakeProvider> Offer(const std::string& name, Provider::Kind kind,
                                      const std::string& version = "1.0.0") {
    auto provider = std::make_shared<FakeProvider>(name, kind);
    EXPECT_OK(catalogue_.Offer(provider, {WeatherSkillSet(version)}));
    return provider;
  }
  std::string ByPath(absl::string_view version = "", RouteScope scope = RouteScope::kAll) {
    absl::StatusOr<Route> route = router_.ResolvePath("/weather.v1.Weather/Current", version, scope);
    return route.ok() ? route->provider->name() : std::string(absl::StatusCodeToString(route.status().code()));
  }
  absl::StatusOr<Route> ByName(absl::string_view ref, absl::string_view provider = "") {
    auto parsed = SkillRef::Parse(ref);
    EXPECT_OK(parsed);
    return router_.ResolveSkill(*parsed, provider);
  }

  Catalogue catalogue_;
  Router router_{&catalogue_};
};

TEST_F(RouterTest, FindsASkillByPathAndByName) {
  Offer("weather@1.0.0", Provider::Kind::kActor);
  EXPECT_EQ(ByPath(), "weather@1.0.0");
  ASSERT_OK_AND_ASSIGN(Route route, ByName("weather/current"));
  EXPECT_EQ(route.provider->name(), "weather@1.0.0");
  EXPECT_EQ(route.skill->path, "/weather.v1.Weather/Current");
  EXPECT_EQ(route.skill_set->name(), "weather.v1.Weather");
}

TEST_F(RouterTest, AnUnknownPathIsUnimplementedWithTheNearest) {
  Offer("weather@1.0.0", Provider::Kind::kActor);
  EXPECT_THAT(router_.ResolvePath("/weather.v1.Weather/Curent").status(),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("/weather.v1.Weather/Current")));
}

TEST_F(RouterTest, AnUnknownNameIsNotFoundWithTheNearest) {
  Offer("weather@1.0.0", Provider::Kind::kActor);
  EXPECT_THAT(ByName("weather/curent").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"weather/current\"")));
}

TEST_F(RouterTest, PrefersTheNodesOwnActorToAnyPeer) {
  Offer("beta", Provider::Kind::kPeer);
  auto actor = Offer("weather@1.0.0", Provider::Kind::kActor);
  actor->set_outstanding(1'000);
  EXPECT_EQ(ByPath(), "weather@1.0.0");
}

TEST_F(RouterTest, PassesOverProvidersThatAreNotAvailable) {
  auto actor = Offer("weather@1.0.0", Provider::Kind::kActor);
  auto beta = Offer("beta", Provider::Kind::kPeer);
  actor->set_available(false);
  EXPECT_EQ(ByPath(), "beta");
  beta->set_available(false);
  EXPECT_EQ(ByPath(), "UNAVAILABLE");
  EXPECT_THAT(ByName("weather/current").status(),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("weather/current"), HasSubstr("beta"))));
}

TEST_F(RouterTest, TakesTheLessBusyOfTwoPeers) {
  Offer("busy", Provider::Kind::kPeer)->set_outstanding(10);
  Offer("idle", Provider::Kind::kPeer)->set_outstanding(1);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ByPath(), "idle");
}

TEST_F(RouterTest, SpreadsCallsOverEquallyBusyPeers) {
  for (const char* name : {"a", "b", "c"}) Offer(name, Provider::Kind::kPeer);
  std::map<std::string, int> chosen;
  for (int i = 0; i < 3'000; ++i) ++chosen[ByPath()];
  for (const char* name : {"a", "b", "c"}) EXPECT_GT(chosen[name], 300) << name;
}

TEST_F(RouterTest, NeverTakesTheBusiestOfThree) {
  Offer("a", Provider::Kind::kPeer)->set_outstanding(1);
  Offer("b", Provider::Kind::kPeer)->set_outstanding(2);
  Offer("c", Provider::Kind::kPeer)->set_outstanding(3);
  for (int i = 0; i < 300; ++i) EXPECT_NE(ByPath(), "c");
}

TEST_F(RouterTest, TheHighestVersionWinsUnlessPinned) {
  Offer("old", Provider::Kind::kPeer, "1.2.0");
  Offer("new", Provider::Kind::kPeer, "1.10.0");
  EXPECT_EQ(ByPath(), "new");
  EXPECT_EQ(ByPath("1.2.0"), "old");
  EXPECT_EQ(ByPath("1.3.0"), "UNIMPLEMENTED");
  ASSERT_OK_AND_ASSIGN(Route pinned, ByName("weather/current~1.2"));
  EXPECT_EQ(pinned.provider->name(), "old");
  EXPECT_THAT(ByName("weather/current~2").status(),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("no version 2"), HasSubstr("1.10.0, 1.2.0"))));
}

TEST_F(RouterTest, FallsBackToALowerVersionWhenTheHighestIsNotAvailable) {
  Offer("old", Provider::Kind::kPeer, "1.2.0");
  Offer("new", Provider::Kind::kPeer, "1.10.0")->set_available(false);
  EXPECT_EQ(ByPath(), "old");
}

TEST_F(RouterTest, APinnedProviderIsTheOneOrAnError) {
  Offer("alpha", Provider::Kind::kPeer);
  auto beta = Offer("beta", Provider::Kind::kPeer);
  ASSERT_OK_AND_ASSIGN(Route route, ByName("weather/current", "beta"));
  EXPECT_EQ(route.provider->name(), "beta");
  beta->set_available(false);
  EXPECT_THAT(ByName("weather/current", "beta").status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(ByName("weather/current", "betta").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"beta\"")));
}

TEST_F(RouterTest, CallsFromALinkReachActorsAloneAndLearnNoNames) {
  Offer("beta", Provider::Kind::kPeer);
  EXPECT_THAT(router_.ResolvePath("/weather.v1.Weather/Current", "", RouteScope::kLocal).status(),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("/weather.v1.Weather/Current")));
  EXPECT_THAT(router_.ResolvePath("/weather.v1.Weather/Curent", "", RouteScope::kLocal).status(),
              StatusIs(absl::StatusCode::kUnimplemented, Not(HasSubstr("/weather.v1.Weather/Current"))));
  Offer("weather@1.0.0", Provider::Kind::kActor);
  EXPECT_EQ(ByPath("", RouteScope::kLocal), "weather@1.0.0");
}

}  // namespace
}  // namespace paranet
