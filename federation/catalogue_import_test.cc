#include "federation/catalogue_import.h"

#include <memory>
#include <string>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "federation/catalogue_export.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

v1::CatalogueUpdate Update(uint64_t revision, bool snapshot, bool last_chunk = true) {
  v1::CatalogueUpdate update;
  update.set_revision(revision);
  update.set_snapshot(snapshot);
  update.set_last_chunk(last_chunk);
  return update;
}

v1::CatalogueUpdate WithWeather(v1::CatalogueUpdate update, const std::string& version) {
  *update.add_upserts() = WeatherSkillSet(version)->ToProto(true, true);
  return update;
}

TEST(CatalogueImport, FollowsAnExport) {
  Catalogue catalogue;
  auto actor = std::make_shared<FakeProvider>("weather@1.0.0");
  CatalogueExport out(/*chunk_bytes=*/1);
  CatalogueImport in;
  const auto sync = [&] {
    while (const auto update = out.Next(*catalogue.snapshot())) {
      ASSERT_THAT(in.Apply(*update), IsOkAndHolds(update->last_chunk()));
    }
  };
  sync();
  EXPECT_THAT(in.sets(), IsEmpty());
  ASSERT_OK(catalogue.Offer(actor, {WeatherSkillSet("1.0.0"), WeatherSkillSet("1.1.0")}));
  sync();
  EXPECT_THAT(in.sets(), SizeIs(2));
  ASSERT_OK(catalogue.Offer(actor, {WeatherSkillSet("1.1.0"), WeatherSkillSet("1.2.0")}));
  sync();
  ASSERT_THAT(in.sets(), SizeIs(2));
  EXPECT_EQ(in.sets()[0]->version().ToString(), "1.1.0");
  EXPECT_EQ(in.sets()[1]->version().ToString(), "1.2.0");
  EXPECT_THAT(in.TakeWarnings(), IsEmpty());
}

TEST(CatalogueImport, ChangesOnlyWhenAnUpdateIsComplete) {
  CatalogueImport in;
  EXPECT_THAT(in.Apply(WithWeather(Update(1, true, false), "1.0.0")), IsOkAndHolds(false));
  EXPECT_THAT(in.sets(), IsEmpty());
  EXPECT_THAT(in.Apply(Update(1, true, true)), IsOkAndHolds(true));
  EXPECT_THAT(in.sets(), SizeIs(1));
}

TEST(CatalogueImport, ASnapshotReplacesEverything) {
  CatalogueImport in;
  ASSERT_OK(in.Apply(WithWeather(Update(1, true), "1.0.0")));
  ASSERT_OK(in.Apply(WithWeather(Update(7, true), "2.0.0")));
  ASSERT_THAT(in.sets(), SizeIs(1));
  EXPECT_EQ(in.sets()[0]->version().ToString(), "2.0.0");
}

TEST(CatalogueImport, RefusesWhatDoesNotFollowTheProtocol) {
  EXPECT_THAT(CatalogueImport().Apply(Update(1, false)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no snapshot")));
  CatalogueImport gap;
  ASSERT_OK(gap.Apply(Update(1, true)));
  EXPECT_THAT(gap.Apply(Update(3, false)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("from revision 1 to 3")));
  CatalogueImport mixed;
  ASSERT_OK(mixed.Apply(Update(1, true, false)));
  EXPECT_THAT(mixed.Apply(Update(2, false)), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("within 1")));
}

TEST(CatalogueImport, SkipsAnInvalidSetWithAWarning) {
  CatalogueImport in;
  v1::CatalogueUpdate update = WithWeather(Update(1, true), "1.0.0");
  v1::SkillSet* const lies = update.add_upserts();
  *lies = WeatherSkillSet("2.0.0")->ToProto(true, true);
  lies->set_name("we\nather");
  EXPECT_THAT(in.Apply(update), IsOkAndHolds(true));
  EXPECT_THAT(in.sets(), SizeIs(1));
  EXPECT_THAT(in.TakeWarnings(), ElementsAre(HasSubstr("we\\nather")));
  EXPECT_THAT(in.TakeWarnings(), IsEmpty());
}

TEST(CatalogueImport, AnInvalidSetTakesThePlaceOfTheOneItReplaces) {
  CatalogueImport in;
  ASSERT_OK(in.Apply(WithWeather(Update(1, true), "1.0.0")));
  v1::CatalogueUpdate update = WithWeather(Update(2, false), "1.0.0");
  update.mutable_upserts(0)->set_descriptors("rubbish");
  ASSERT_OK(in.Apply(update));
  EXPECT_THAT(in.sets(), IsEmpty());
}

TEST(CatalogueImport, BoundsSetsAndBytes) {
  CatalogueImport few({.sets = 1});
  EXPECT_OK(few.Apply(WithWeather(Update(1, true), "1.0.0")));
  EXPECT_OK(few.Apply(WithWeather(Update(2, false), "1.0.0"))) << "a replacement is not one more";
  EXPECT_THAT(few.Apply(WithWeather(Update(3, false), "1.1.0")),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more than 1 skill sets")));
  CatalogueImport small({.descriptor_bytes = 10});
  EXPECT_THAT(small.Apply(WithWeather(Update(1, true), "1.0.0")), StatusIs(absl::StatusCode::kResourceExhausted));
}

constexpr char kOther[] = R"(
  syntax = "proto3"; package other.v1; import "paranet/v1/options.proto"; message M {}
  service S { option (paranet.v1.skill_set).subject = "weather"; rpc Current(M) returns (M); })";
constexpr char kAltered[] = R"(
  syntax = "proto3"; package weather.v1; message M { int32 x = 1; }
  service Weather { rpc Current(M) returns (M); })";

TEST(WithoutConflicts, TakesWhatFits) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("weather@1.0.0"), {WeatherSkillSet("1.0.0")}));
  const auto result =
      WithoutConflicts({WeatherSkillSet("1.0.0"), WeatherSkillSet("1.1.0")}, *catalogue.snapshot(), "beta");
  EXPECT_THAT(result.sets, SizeIs(2));
  EXPECT_THAT(result.skipped, IsEmpty());
}

TEST(WithoutConflicts, SkipsOtherDescriptorsAndTakenNames) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("weather@1.0.0"), {WeatherSkillSet("1.0.0")}));
  const auto result =
      WithoutConflicts({MakeSkillSet(kAltered, "weather.v1.Weather"), MakeSkillSet(kOther, "other.v1.S")},
                       *catalogue.snapshot(), "beta");
  EXPECT_THAT(result.sets, IsEmpty());
  EXPECT_THAT(result.skipped, ElementsAre(HasSubstr("weather@1.0.0"), HasSubstr("weather/current is taken by")));
}

TEST(WithoutConflicts, WhatThePeerItselfOfferedIsNoConflict) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("beta", Provider::Kind::kPeer), {WeatherSkillSet("1.0.0")}));
  EXPECT_THAT(WithoutConflicts({MakeSkillSet(kAltered, "weather.v1.Weather")}, *catalogue.snapshot(), "beta").sets,
              SizeIs(1));
}

TEST(WithoutConflicts, OfTwoThatConflictTheFirstIsTaken) {
  Catalogue catalogue;
  const auto result =
      WithoutConflicts({MakeSkillSet(kOther, "other.v1.S"), WeatherSkillSet("1.0.0")}, *catalogue.snapshot(), "beta");
  ASSERT_THAT(result.sets, SizeIs(1));
  EXPECT_EQ(result.sets[0]->name(), "other.v1.S");
  EXPECT_THAT(result.skipped, SizeIs(1));
}

TEST(WithoutConflicts, AgreesWithTheCatalogue) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(std::make_shared<FakeProvider>("weather@1.0.0"), {WeatherSkillSet("1.0.0")}));
  auto peer = std::make_shared<FakeProvider>("beta", Provider::Kind::kPeer);
  const auto result =
      WithoutConflicts({MakeSkillSet(kAltered, "weather.v1.Weather"), MakeSkillSet(kOther, "other.v1.S"),
                        WeatherSkillSet("1.0.0"), WeatherSkillSet("3.0.0")},
                       *catalogue.snapshot(), "beta");
  EXPECT_THAT(result.sets, SizeIs(2));
  EXPECT_OK(catalogue.Offer(peer, result.sets));
}

}  // namespace
}  // namespace paranet
