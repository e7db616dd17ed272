#include "federation/catalogue_export.h"

#include <memory>
#include <optional>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::SizeIs;

class CatalogueExportTest : public testing::Test {
 protected:
  std::optional<v1::CatalogueUpdate> Next() { return export_.Next(*catalogue_.snapshot()); }

  Catalogue catalogue_;
  std::shared_ptr<FakeProvider> actor_ = std::make_shared<FakeProvider>("actor@1.0.0");
  CatalogueExport export_;
};

TEST_F(CatalogueExportTest, BeginsWithASnapshotEvenOfNothing) {
  const auto update = Next();
  ASSERT_TRUE(update.has_value());
  EXPECT_TRUE(update->snapshot());
  EXPECT_TRUE(update->last_chunk());
  EXPECT_EQ(update->revision(), 1u);
  EXPECT_THAT(update->upserts(), SizeIs(0));
  EXPECT_FALSE(Next().has_value());
}

TEST_F(CatalogueExportTest, SendsDeltasOfWhatMatters) {
  ASSERT_OK(catalogue_.Offer(actor_, {WeatherSkillSet("1.0.0")}));
  auto update = Next();
  ASSERT_TRUE(update.has_value());
  ASSERT_THAT(update->upserts(), SizeIs(1));
  EXPECT_FALSE(update->upserts(0).descriptors().empty());
  EXPECT_EQ(export_.size(), 1u);

  ASSERT_OK(catalogue_.Offer(actor_, {WeatherSkillSet("1.0.0"), WeatherSkillSet("1.1.0")}));
  update = Next();
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->revision(), 2u);
  EXPECT_FALSE(update->snapshot());
  ASSERT_THAT(update->upserts(), SizeIs(1));
  EXPECT_EQ(update->upserts(0).version(), "1.1.0");

  ASSERT_OK(catalogue_.Offer(actor_, {WeatherSkillSet("1.1.0")}));
  update = Next();
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->revision(), 3u);
  EXPECT_THAT(update->upserts(), SizeIs(0));
  ASSERT_THAT(update->withdrawals(), SizeIs(1));
  EXPECT_EQ(update->withdrawals(0).name(), "weather.v1.Weather");
  EXPECT_EQ(update->withdrawals(0).version(), "1.0.0");
}

TEST_F(CatalogueExportTest, SaysNothingOfWhatDoesNotMatter) {
  ASSERT_TRUE(Next().has_value());
  auto peer = std::make_shared<FakeProvider>("gamma", Provider::Kind::kPeer);
  ASSERT_OK(catalogue_.Offer(peer, {WeatherSkillSet()}));
  catalogue_.Touch();
  ASSERT_OK(catalogue_.Offer(actor_, {MakeSkillSet(R"(
      syntax = "proto3"; package secret.v1; import "paranet/v1/options.proto"; message M {}
      service S { option (paranet.v1.skill_set).private = true; rpc Do(M) returns (M); })",
                                                   "secret.v1.S")}));
  EXPECT_FALSE(Next().has_value());
}

TEST_F(CatalogueExportTest, ChangesBetweenTwoUpdatesAreOne) {
  ASSERT_TRUE(Next().has_value());
  ASSERT_OK(catalogue_.Offer(actor_, {WeatherSkillSet("1.0.0")}));
  ASSERT_OK(catalogue_.Offer(actor_, {}));
  ASSERT_OK(catalogue_.Offer(actor_, {WeatherSkillSet("2.0.0")}));
  const auto update = Next();
  ASSERT_TRUE(update.has_value());
  ASSERT_THAT(update->upserts(), SizeIs(1));
  EXPECT_EQ(update->upserts(0).version(), "2.0.0");
  EXPECT_FALSE(Next().has_value());
}

TEST_F(CatalogueExportTest, LeavesPrivateSkillsOut) {
  ASSERT_OK(catalogue_.Offer(actor_, {MakeSkillSet(R"(
      syntax = "proto3"; package mixed.v1; import "paranet/v1/options.proto"; message M {}
      service S { rpc Open(M) returns (M);
                  rpc Sesame(M) returns (M) { option (paranet.v1.skill).private = true; } })",
                                                   "mixed.v1.S")}));
  const auto update = Next();
  ASSERT_TRUE(update.has_value());
  ASSERT_THAT(update->upserts(), SizeIs(1));
  EXPECT_THAT(update->SerializeAsString(), testing::Not(testing::HasSubstr("Sesame")));
  EXPECT_OK(SkillSet::FromProto(update->upserts(0)));
}

TEST_F(CatalogueExportTest, SplitsALargeUpdateAndFinishesItBeforeTheNext) {
  CatalogueExport small(/*chunk_bytes=*/1);
  ASSERT_OK(catalogue_.Offer(actor_, {WeatherSkillSet("1.0.0"), WeatherSkillSet("1.1.0"), WeatherSkillSet("1.2.0")}));
  auto chunk = small.Next(*catalogue_.snapshot());
  EXPECT_THAT(chunk->upserts(), SizeIs(1));
  EXPECT_FALSE(chunk->last_chunk());
  // Meanwhile the catalogue changes.
  ASSERT_OK(catalogue_.Offer(actor_, {}));
  chunk = small.Next(*catalogue_.snapshot());
  EXPECT_FALSE(chunk->last_chunk());
  chunk = small.Next(*catalogue_.snapshot());
  EXPECT_EQ(chunk->revision(), 1u);
  EXPECT_TRUE(chunk->snapshot());
  EXPECT_TRUE(chunk->last_chunk());
  int withdrawals = 0;
  do {
    chunk = small.Next(*catalogue_.snapshot());
    ASSERT_TRUE(chunk.has_value());
    EXPECT_EQ(chunk->revision(), 2u);
    withdrawals += chunk->withdrawals_size();
  } while (!chunk->last_chunk());
  EXPECT_EQ(withdrawals, 3);
}

}  // namespace
}  // namespace paranet
