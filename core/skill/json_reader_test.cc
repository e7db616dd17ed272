#include "core/skill/json_reader.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

absl::Status ReadAll(absl::string_view text) {
  PARANET_ASSIGN_OR_RETURN(JsonReader reader, JsonReader::Create(text));
  PARANET_RETURN_IF_ERROR(reader.ReadAny().status());
  return reader.Finish();
}

absl::StatusOr<std::string> ReadString(absl::string_view text) {
  PARANET_ASSIGN_OR_RETURN(JsonReader reader, JsonReader::Create(text));
  return reader.ReadString();
}

TEST(JsonReader, AcceptsEveryKindOfValue) {
  for (const char* text : {"{}", "[]", " [ 1 , -0.5e+10 , 0, \"a\" , true,false,null, {\"a\" : [{}] , \"b\":{}} ] \n",
                           "\"x\"", "0", "-0", "1E5", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"", "true"}) {
    EXPECT_OK(ReadAll(text)) << text;
  }
}

TEST(JsonReader, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "]",
                           "{]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "--1",
                           "-",
                           "NaN",
                           "Infinity",
                           "tru",
                           "truex",
                           "nulll",
                           "\"",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\n\"",
                           "1 2",
                           "{} {}",
                           "// no\n1",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\ud800x\""}) {
    EXPECT_THAT(ReadAll(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("malformed at line"))) << text;
  }
}

TEST(JsonReader, SaysWhere) {
  EXPECT_THAT(
      ReadAll("{\"a\": 1,\n  \"b\" 2}"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "the JSON is malformed at line 2, column 7: \":\" is expected after a name, but \"2\" stands there"));
  EXPECT_THAT(ReadAll("{\"city\": \"Oslo\""),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "the JSON is malformed at line 1, column 16: \",\" or \"}\" is expected, but the text ends"));
  EXPECT_THAT(ReadAll("{'a':1}"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("double quotes")));
}

TEST(JsonReader, UnescapesStrings) {
  EXPECT_THAT(ReadString(R"("a\"\\\/\b\f\n\r\t\u0041")"), IsOkAndHolds("a\"\\/\b\f\n\r\tA"));
  EXPECT_THAT(ReadString(R"("\u00e4\u20ac\ud83d\uDE00")"), IsOkAndHolds("ä€😀"));
  EXPECT_THAT(ReadString(R"("\u0000")"), IsOkAndHolds(std::string(1, '\0')));
  EXPECT_THAT(ReadString("\"ä€😀\""), IsOkAndHolds("ä€😀"));
}

TEST(JsonReader, RefusesStringsThatAreNotUtf8) {
  for (const char* bytes : {"\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
                            "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_THAT(ReadString(absl::StrCat("\"", bytes, "\"")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not UTF-8")));
  }
}

TEST(JsonReader, LimitsDepthAndLength) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_OK(ReadAll(nested(100)));
  EXPECT_THAT(ReadAll(nested(101)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nested more than 100 deep")));
  EXPECT_THAT(ReadAll(std::string(1'000'000, '[')), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(ReadAll("[" + std::string(1'000, ' ') + nested(2) + "," + nested(99) + "]"));
  EXPECT_THAT(ReadAll(std::string(JsonReader::kMaxBytes + 1, ' ')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most")));
}

TEST(JsonReader, IsPulledValueByValue) {
  ASSERT_OK_AND_ASSIGN(JsonReader reader, JsonReader::Create(R"({"a": [1, 2.50], "b": null, "c": {"d": [] } })"));
  std::string name;
  ASSERT_OK(reader.BeginObject());
  EXPECT_THAT(reader.NextMember(&name), IsOkAndHolds(true));
  EXPECT_EQ(name, "a");
  ASSERT_OK(reader.BeginArray());
  EXPECT_THAT(reader.NextElement(), IsOkAndHolds(true));
  EXPECT_THAT(reader.ReadNumber(), IsOkAndHolds("1"));
  EXPECT_THAT(reader.NextElement(), IsOkAndHolds(true));
  EXPECT_THAT(reader.ReadNumber(), IsOkAndHolds("2.50"));
  EXPECT_THAT(reader.NextElement(), IsOkAndHolds(false));
  EXPECT_THAT(reader.NextMember(&name), IsOkAndHolds(true));
  EXPECT_THAT(reader.Peek(), IsOkAndHolds(JsonReader::Kind::kNull));
  ASSERT_OK(reader.ReadLiteral());
  EXPECT_THAT(reader.NextMember(&name), IsOkAndHolds(true));
  JsonReader ahead = reader.Ahead();
  EXPECT_THAT(ahead.ReadAny(), IsOkAndHolds("{\"d\": [] }"));
  EXPECT_THAT(reader.ReadAny(), IsOkAndHolds("{\"d\": [] }"));
  EXPECT_THAT(reader.NextMember(&name), IsOkAndHolds(false));
  EXPECT_OK(reader.Finish());
}

}  // namespace
}  // namespace paranet
