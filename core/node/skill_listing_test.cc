#include "core/node/skill_listing.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SkillListingTest : public testing::Test {
 protected:
  void SetUp() override {
    auto actor = std::make_shared<FakeProvider>("weather@1.0.0");
    actor->set_outstanding(3);
    ASSERT_OK(catalogue_.Offer(actor, {WeatherSkillSet("1.0.0")}));
    auto peer = std::make_shared<FakeProvider>("beta", Provider::Kind::kPeer);
    peer->set_available(false);
    ASSERT_OK(catalogue_.Offer(peer, {WeatherSkillSet("1.2.0")}));
  }

  Catalogue catalogue_;
};

TEST_F(SkillListingTest, ListsSetsWithTheirProviders) {
  const std::vector<v1::SkillSetEntry> entries = ListSkillSets(*catalogue_.snapshot());
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].skill_set().version(), "1.2.0");
  ASSERT_THAT(entries[0].providers(), SizeIs(1));
  EXPECT_EQ(entries[0].providers(0).kind(), v1::Provider::PEER);
  EXPECT_EQ(entries[0].providers(0).name(), "beta");
  EXPECT_FALSE(entries[0].providers(0).available());
  EXPECT_EQ(entries[1].skill_set().version(), "1.0.0");
  EXPECT_EQ(entries[1].skill_set().descriptors(), "");
  EXPECT_EQ(entries[1].providers(0).kind(), v1::Provider::ACTOR);
  EXPECT_EQ(entries[1].providers(0).outstanding(), 3);
  EXPECT_THAT(entries[1].skill_set().skills(), SizeIs(4));
}

TEST_F(SkillListingTest, DescribesTheHighestVersionOrThePinned) {
  ASSERT_OK_AND_ASSIGN(v1::GetSkillResponse highest, DescribeSkill(*catalogue_.snapshot(), "weather/current"));
  EXPECT_EQ(highest.skill().path(), "/weather.v1.Weather/Current");
  EXPECT_EQ(highest.skill_set().skill_set().version(), "1.2.0");
  EXPECT_THAT(highest.request_schema(), HasSubstr("string city = 1;"));
  EXPECT_THAT(highest.response_schema(), HasSubstr("double celsius = 2;"));
  EXPECT_THAT(highest.example_json(), HasSubstr("city"));
  ASSERT_OK_AND_ASSIGN(v1::GetSkillResponse pinned, DescribeSkill(*catalogue_.snapshot(), "weather/current~1.0"));
  EXPECT_EQ(pinned.skill_set().skill_set().version(), "1.0.0");
}

TEST_F(SkillListingTest, BadNames) {
  const auto snapshot = catalogue_.snapshot();
  EXPECT_THAT(DescribeSkill(*snapshot, "weather/curent"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"weather/current\"")));
  EXPECT_THAT(DescribeSkill(*snapshot, "weather/current~2"),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("1.2.0"), HasSubstr("1.0.0"))));
  EXPECT_THAT(DescribeSkill(*snapshot, "weather"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet
