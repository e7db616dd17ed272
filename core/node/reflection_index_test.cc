#include "core/node/reflection_index.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReflectionIndex, OfAnEmptyCatalogueHasNothing) {
  Catalogue catalogue;
  const ReflectionIndex index(catalogue.snapshot(), Visibility::kEverything, {});
  EXPECT_THAT(index.Services(), ElementsAre());
  EXPECT_THAT(index.FileByName("a.proto"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("a.proto")));
  EXPECT_THAT(index.FileWithSymbol("a.B"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("a.B")));
}

TEST(ReflectionIndex, OfTwoVersionsTheHighestIsMeant) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("weather@1.0.0"), {WeatherSkillSet("1.0.0")}));
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("weather@1.3.0"), {WeatherSkillSet("1.3.0")}));
  const ReflectionIndex index(catalogue.snapshot(), Visibility::kEverything, {});
  EXPECT_THAT(index.Services(), ElementsAre("weather.v1.Weather"));
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> files, index.FileWithSymbol("weather.v1.Weather"));
  EXPECT_THAT(files[0], HasSubstr("1.3.0"));
}

TEST(ReflectionIndex, KeepsItsSnapshot) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("weather@1.0.0"), {WeatherSkillSet()}));
  const ReflectionIndex index(catalogue.snapshot(), Visibility::kExported, {});
  catalogue.Withdraw("weather@1.0.0");
  EXPECT_OK(index.FileWithSymbol("weather.v1.Weather.Watch"));
}

}  // namespace
}  // namespace paranet
