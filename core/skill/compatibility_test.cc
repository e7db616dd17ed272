#include "core/skill/compatibility.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kShop[] = R"txt(
syntax = "proto3";
package shop.v1;
import "paranet/v1/options.proto";
enum Size {
  SIZE_UNSPECIFIED = 0;
  SMALL = 1;
  LARGE = 2;
}
message Item {
  string name = 1;
  int32 price_cents = 2;
  repeated string tags = 3;
  Size size = 4;
  Item part = 5;
  map<string, int32> stock = 6;
  oneof kind {
    string book = 7;
    string film = 8;
  }
  optional int64 weight = 9;
}
message Order {
  Item item = 1;
}
message Unused {
  string text = 1;
}
service Shop {
  option (paranet.v1.skill_set) = {version: "1.2.0"};
  rpc Buy(Order) returns (Item);
  rpc Find(Item) returns (stream Item) {
    option (paranet.v1.skill) = {idempotent: true};
  }
}
)txt";

std::shared_ptr<const SkillSet> Shop(const std::vector<std::pair<absl::string_view, absl::string_view>>& edits = {}) {
  std::string text = kShop;
  for (const auto& [from, to] : edits) {
    const std::string edited = absl::StrReplaceAll(text, {{from, to}});
    EXPECT_NE(edited, text) << from;
    text = edited;
  }
  return MakeSkillSet(text, "shop.v1.Shop");
}

// The breaking changes between kShop and kShop with `from` replaced by `to`.
std::vector<std::string> Breaks(absl::string_view from, absl::string_view to) {
  return BreakingChanges(*Shop(), *Shop({{from, to}}));
}

TEST(BreakingChangesTest, NothingChanged) { EXPECT_THAT(BreakingChanges(*Shop(), *Shop()), IsEmpty()); }

TEST(BreakingChangesTest, WhatIsAddedBreaksNothing) {
  EXPECT_THAT(Breaks("rpc Buy", "rpc Sell(Order) returns (Item); rpc Buy"), IsEmpty());
  EXPECT_THAT(Breaks("string name = 1;", "string name = 1; string colour = 10;"), IsEmpty());
  EXPECT_THAT(Breaks("LARGE = 2;", "LARGE = 2; HUGE = 3;"), IsEmpty());
  EXPECT_THAT(Breaks("string book = 7;", "string book = 7; string song = 10;"), IsEmpty());
  EXPECT_THAT(Breaks("rpc Buy(Order) returns (Item);",
                     "rpc Buy(Order) returns (Item) { option (paranet.v1.skill) = {idempotent: true}; }"),
              IsEmpty());
  // Nobody can send or get one of these.
  EXPECT_THAT(Breaks("message Unused {\n  string text = 1;", "message Unused {"), IsEmpty());
  // Whether a field that is not there is told from one at its default is a matter of those who ask.
  EXPECT_THAT(Breaks("optional int64 weight", "int64 weight"), IsEmpty());
}

TEST(BreakingChangesTest, Methods) {
  EXPECT_THAT(Breaks("rpc Buy(Order) returns (Item);", ""), ElementsAre("method shop.v1.Shop.Buy was removed"));
  EXPECT_THAT(Breaks("rpc Buy(Order) returns (Item)", "rpc Buy(stream Order) returns (Item)"),
              ElementsAre("method shop.v1.Shop.Buy was unary and is client streaming"));
  EXPECT_THAT(Breaks("rpc Find(Item) returns (stream Item)", "rpc Find(stream Item) returns (stream Item)"),
              ElementsAre("method shop.v1.Shop.Find was server streaming and is bidirectional streaming"));
  EXPECT_THAT(Breaks("rpc Buy(Order)", "rpc Buy(Unused)"),
              ElementsAre("method shop.v1.Shop.Buy has request type shop.v1.Unused in the place of shop.v1.Order"));
  EXPECT_THAT(Breaks("rpc Buy(Order) returns (Item)", "rpc Buy(Order) returns (Order)"),
              ElementsAre("method shop.v1.Shop.Buy has response type shop.v1.Order in the place of shop.v1.Item"));
  EXPECT_THAT(Breaks("{idempotent: true}", "{}"), ElementsAre("method shop.v1.Shop.Find is no longer idempotent"));
  EXPECT_THAT(Breaks("{idempotent: true}", "{idempotent: true, action: \"search\"}"),
              ElementsAre("method shop.v1.Shop.Find was skill shop/find and is shop/search"));
  EXPECT_THAT(Breaks("{idempotent: true}", "{idempotent: true, private: true}"),
              ElementsAre("method shop.v1.Shop.Find became private"));
  EXPECT_THAT(Breaks("{version: \"1.2.0\"}", "{version: \"1.2.0\", private: true}"),
              ElementsAre("skill set shop.v1.Shop became private"));
  EXPECT_THAT(Breaks("{version: \"1.2.0\"}", "{version: \"1.2.0\", subject: \"store\"}"),
              ElementsAre("method shop.v1.Shop.Buy was skill shop/buy and is store/buy",
                          "method shop.v1.Shop.Find was skill shop/find and is store/find"));
}

TEST(BreakingChangesTest, Fields) {
  EXPECT_THAT(Breaks("string name = 1;", ""), ElementsAre("field shop.v1.Item.name (1) was removed"));
  EXPECT_THAT(Breaks("string name = 1;", "reserved 1; reserved \"name\";"),
              ElementsAre("field shop.v1.Item.name (1) was removed"));
  EXPECT_THAT(Breaks("string name = 1;", "string name = 10;"),
              ElementsAre("field shop.v1.Item.name has number 10 in the place of 1"));
  EXPECT_THAT(Breaks("string name = 1;", "string title = 1;"),
              ElementsAre("field shop.v1.Item.name (1) is now called title"));
  EXPECT_THAT(Breaks("string name = 1;", "string name = 1 [json_name = \"title\"];"),
              ElementsAre("field shop.v1.Item.name has JSON name title in the place of name"));
  EXPECT_THAT(Breaks("string name = 1;", "bytes name = 1;"),
              ElementsAre("field shop.v1.Item.name was of type string and is of type bytes"));
  EXPECT_THAT(Breaks("int32 price_cents", "sint32 price_cents"),
              ElementsAre("field shop.v1.Item.price_cents was of type int32 and is of type sint32"));
  EXPECT_THAT(Breaks("Item part", "Unused part"),
              ElementsAre("field shop.v1.Item.part was of type shop.v1.Item and is of type shop.v1.Unused"));
  EXPECT_THAT(Breaks("Size size", "int32 size"),
              ElementsAre("field shop.v1.Item.size was of type shop.v1.Size and is of type int32"));
  EXPECT_THAT(Breaks("repeated string tags", "string tags"),
              ElementsAre("field shop.v1.Item.tags was repeated and is single"));
  EXPECT_THAT(Breaks("map<string, int32> stock", "map<string, int64> stock"),
              ElementsAre("field shop.v1.Item.StockEntry.value was of type int32 and is of type int64"));
  EXPECT_THAT(
      Breaks("map<string, int32> stock", "repeated Unused stock"),
      ElementsAre("field shop.v1.Item.stock was of type shop.v1.Item.StockEntry and is of type shop.v1.Unused"));
}

TEST(BreakingChangesTest, Oneofs) {
  EXPECT_THAT(Breaks("  }\n  optional int64 weight", "    int64 weight_g = 10;\n  }\n  optional int64 weight"),
              IsEmpty());
  EXPECT_THAT(Breaks("oneof kind", "oneof sort"),
              ElementsAre("field shop.v1.Item.book was in oneof kind and is in oneof sort",
                          "field shop.v1.Item.film was in oneof kind and is in oneof sort"));
  EXPECT_THAT(Breaks("    string film = 8;\n  }", "  }\n  string film = 8;"),
              ElementsAre("field shop.v1.Item.film was in oneof kind and is in no oneof"));
}

TEST(BreakingChangesTest, Enums) {
  EXPECT_THAT(Breaks("LARGE = 2;", ""), ElementsAre("value shop.v1.Size.LARGE (2) was removed"));
  EXPECT_THAT(Breaks("LARGE = 2;", "HUGE = 2;"), ElementsAre("value shop.v1.Size.LARGE (2) was removed"));
  EXPECT_THAT(Breaks("LARGE = 2;", "LARGE = 3;"),
              ElementsAre("value shop.v1.Size.LARGE has number 3 in the place of 2"));
}

TEST(BreakingChangesTest, RequiredFields) {
  const auto set = [](absl::string_view fields) {
    return MakeSkillSet(absl::StrCat("syntax = \"proto2\"; package a.v1; message M { ", fields,
                                     " } service A { rpc Go(M) returns (M); }"),
                        "a.v1.A");
  };
  EXPECT_THAT(BreakingChanges(*set("optional string a = 1;"), *set("required string a = 1;")),
              ElementsAre("field a.v1.M.a was single and is required"));
  EXPECT_THAT(BreakingChanges(*set("optional string a = 1;"), *set("optional string a = 1; required string b = 2;")),
              ElementsAre("field a.v1.M.b (2) is new and required"));
}

TEST(CheckCompatibleTest, NamesEveryChangeWithinAMajorVersion) {
  const auto after = Shop({{"1.2.0", "1.3.0"}, {"string name = 1;", ""}, {"LARGE = 2;", ""}});
  EXPECT_THAT(CheckCompatible(*Shop(), *after),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("skill set shop.v1.Shop 1.3.0 breaks 1.2.0: "),
                             HasSubstr("field shop.v1.Item.name (1) was removed; value shop.v1.Size.LARGE (2)"),
                             HasSubstr("Raise its major version to 2.0.0"))));
  // The other way round it is an addition.
  EXPECT_OK(CheckCompatible(*after, *Shop()));
}

TEST(CheckCompatibleTest, AnotherMajorVersionMayBreak) {
  EXPECT_OK(CheckCompatible(*Shop(), *Shop({{"1.2.0", "2.0.0"}, {"string name = 1;", ""}})));
  EXPECT_OK(CheckCompatible(*Shop({{"1.2.0", "0.1.0"}}), *Shop({{"1.2.0", "0.2.0"}, {"string name = 1;", ""}})));
}

TEST(CheckCompatibleTest, TheListFitsIntoTrailers) {
  std::string fields;
  for (int i = 1; i <= 1000; ++i) absl::StrAppend(&fields, "string field_", i, " = ", i, "; ");
  const auto set = [](absl::string_view text) {
    return MakeSkillSet(absl::StrCat("syntax = \"proto3\"; package a.v1; message M { ", text,
                                     " } service A { rpc Go(M) returns (M); }"),
                        "a.v1.A");
  };
  const auto many = set(fields);
  const auto none = set("");
  EXPECT_THAT(BreakingChanges(*many, *none), SizeIs(1000));
  const absl::Status status = CheckCompatible(*many, *none);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(" more. ")));
  EXPECT_LT(status.message().size(), 5000u);
}

}  // namespace
}  // namespace paranet
