#include "tools/cli/json.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

TEST(JsonTest, Scalars) {
  EXPECT_EQ(Json().text(), "null");
  EXPECT_EQ(Json(true).text(), "true");
  EXPECT_EQ(Json(int64_t{-9007199254740993}).text(), "-9007199254740993");
  EXPECT_EQ(Json(1.5).text(), "1.500");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).text(), "null");
  EXPECT_EQ(Json("Oslo").text(), "\"Oslo\"");
}

TEST(JsonTest, ObjectKeepsTheOrderOfItsKeys) {
  const Json json = JsonObject().Set("z", 1).Set("a", Json::Strings({"x", "y"})).Set("o", JsonObject());
  EXPECT_EQ(json.text(), R"({"z":1,"a":["x","y"],"o":{}})");
}

TEST(JsonTest, EmptyArray) { EXPECT_EQ(Json::Array({}).text(), "[]"); }

TEST(JsonTest, EscapesWhatWouldEndTheStringOrTheLine) {
  EXPECT_EQ(QuoteJson("a\"b\\c\nd\te\x01\x7f"), R"("a\"b\\c\nd\te\u0001\u007f")");
}

TEST(JsonTest, KeepsUtf8) { EXPECT_EQ(QuoteJson("Tromsø €😀"), "\"Tromsø €😀\""); }

TEST(JsonTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(QuoteJson("a\xff"), R"("a\ufffd")");
  EXPECT_EQ(QuoteJson("\xc0\xaf"), R"("\ufffd\ufffd")");            // overlong
  EXPECT_EQ(QuoteJson("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // surrogate
  EXPECT_EQ(QuoteJson("\xe2\x82"), R"("\ufffd\ufffd")");            // cut short
}

}  // namespace
}  // namespace paranet::cli
