#include "core/skill/json_to_message.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::string_view kProto = R"txt(
    syntax = "proto3";
    package weather.v1;
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/empty.proto";
    import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    enum Sky { SKY_UNSPECIFIED = 0; CLEAR = 1; RAIN = 2; }
    message Place { string city = 1; repeated Place near = 2; }
    message Request {
      string city = 1;
      int32 days = 2;
      int64 big = 3;
      repeated string tags = 4;
      map<string, int32> counts = 5;
      map<int32, Place> places = 6;
      map<bool, string> flags = 7;
      Sky sky = 8;
      bytes raw = 9;
      oneof where { Place place = 10; string postcode = 11; }
      google.protobuf.Timestamp at = 12;
      google.protobuf.Duration span = 13;
      google.protobuf.Struct extra = 14;
      google.protobuf.Value any_value = 15;
      google.protobuf.ListValue list = 16;
      google.protobuf.Int64Value wrapped = 17;
      google.protobuf.FieldMask mask = 18;
      google.protobuf.Any any = 19;
      google.protobuf.NullValue nothing = 20;
      bool wet = 21;
      repeated Sky skies = 22;
      string snake_case_name = 23;
      repeated google.protobuf.Value values = 24;
      google.protobuf.Empty empty = 25;
    }
    service Weather { rpc Current(Request) returns (Request); })txt";

class JsonToMessageTest : public ::testing::Test {
 protected:
  // The message in text format, or the error.
  absl::StatusOr<std::string> Convert(absl::string_view json) {
    const std::unique_ptr<google::protobuf::Message> message(
        set_->messages().GetPrototype(set_->service().method(0)->input_type())->New());
    if (absl::Status status = JsonToMessage(json, message.get()); !status.ok()) return status;
    EXPECT_TRUE(message->ParseFromString(message->SerializeAsString()));
    return message->ShortDebugString();
  }
  std::string Error(absl::string_view json) {
    const auto result = Convert(json);
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kInvalidArgument)) << json;
    return std::string(result.status().message());
  }

  const std::shared_ptr<const SkillSet> set_ = MakeSkillSet(kProto, "weather.v1.Weather");
};

TEST_F(JsonToMessageTest, ReadsPlainFields) {
  EXPECT_THAT(Convert("{}"), IsOkAndHolds(""));
  EXPECT_THAT(Convert(R"({"city":"Oslo","days":3,"big":"9007199254740993","sky":"RAIN","raw":"aGk=","wet":true})"),
              IsOkAndHolds("city: \"Oslo\" days: 3 big: 9007199254740993 sky: RAIN raw: \"hi\" wet: true"));
  EXPECT_THAT(Convert(R"({"big":9007199254740993,"sky":2})"), IsOkAndHolds("big: 9007199254740993 sky: RAIN"));
}

TEST_F(JsonToMessageTest, TakesBothNamesOfAField) {
  EXPECT_THAT(Convert(R"({"snake_case_name":"x"})"), IsOkAndHolds("snake_case_name: \"x\""));
  EXPECT_THAT(Convert(R"({"snakeCaseName":"x"})"), IsOkAndHolds("snake_case_name: \"x\""));
  EXPECT_EQ(Error(R"({"snakeCaseName":"x","snake_case_name":"y"})"), "field \"snake_case_name\" is given twice");
}

TEST_F(JsonToMessageTest, ReadsNestedRepeatedAndMapFields) {
  EXPECT_THAT(Convert(R"({"tags":["a","b"],"skies":["CLEAR",2]})"),
              IsOkAndHolds("tags: \"a\" tags: \"b\" skies: CLEAR skies: RAIN"));
  EXPECT_THAT(Convert(R"({"place":{"city":"Oslo","near":[{"city":"Moss"},{}]}})"),
              IsOkAndHolds("place { city: \"Oslo\" near { city: \"Moss\" } near { } }"));
  EXPECT_THAT(Convert(R"({"counts":{"a":1,"":2}})"), IsOkAndHolds(HasSubstr("counts { key: \"a\" value: 1 }")));
  EXPECT_THAT(Convert(R"({"places":{"-7":{"city":"Oslo"}},"flags":{"true":"yes"}})"),
              IsOkAndHolds("places { key: -7 value { city: \"Oslo\" } } flags { key: true value: \"yes\" }"));
}

TEST_F(JsonToMessageTest, NullIsAbsentExceptWhereItIsAValue) {
  EXPECT_THAT(Convert(R"({"city":null,"tags":null,"place":null,"counts":null,"wrapped":null})"), IsOkAndHolds(""));
  EXPECT_THAT(Convert(R"({"any_value":null})"), IsOkAndHolds("any_value { null_value: NULL_VALUE }"));
  EXPECT_THAT(Convert(R"({"values":[null,1]})"),
              IsOkAndHolds("values { null_value: NULL_VALUE } values { number_value: 1 }"));
  EXPECT_THAT(Convert(R"({"nothing":null})"), IsOkAndHolds(""));
  EXPECT_THAT(Error(R"({"tags":[null]})"), HasSubstr("field \"tags[0]\" must be a string, but is null"));
}

TEST_F(JsonToMessageTest, ReadsWellKnownTypes) {
  EXPECT_THAT(Convert(R"({"at":"2026-01-31T12:00:00.5Z","span":"-1.5s","mask":"city,place.city"})"),
              IsOkAndHolds("at { seconds: 1769860800 nanos: 500000000 } span { seconds: -1 nanos: -500000000 } "
                           "mask { paths: \"city\" paths: \"place.city\" }"));
  EXPECT_THAT(Convert(R"({"wrapped":"5","empty":{}})"), IsOkAndHolds("wrapped { value: 5 } empty { }"));
  EXPECT_THAT(Convert(R"({"list":[1,"a",[true]]})"),
              IsOkAndHolds("list { values { number_value: 1 } values { string_value: \"a\" } "
                           "values { list_value { values { bool_value: true } } } }"));
  EXPECT_THAT(Convert(R"({"extra":{"a":{"b":null}}})"), IsOkAndHolds(HasSubstr("key: \"b\" value { null_value")));
}

TEST_F(JsonToMessageTest, ReadsAny) {
  EXPECT_THAT(Convert(R"({"any":{}})"), IsOkAndHolds("any { }"));
  EXPECT_THAT(Convert(R"({"any":{"city":"Oslo","@type":"type.googleapis.com/weather.v1.Place"}})"),
              IsOkAndHolds(HasSubstr("city: \"Oslo\"")));
  EXPECT_OK(Convert(R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}})"));
  EXPECT_THAT(Error(R"({"any":{"city":"Oslo"}})"), HasSubstr("field \"any\" needs \"@type\""));
  EXPECT_THAT(Error(R"({"any":{"@type":"type.googleapis.com/no.Such"}})"), HasSubstr("no type of this skill set"));
  EXPECT_THAT(Error(R"({"any":{"@type":"weather.v1.Place"}})"), HasSubstr("no type of this skill set"));
  EXPECT_THAT(Error(R"({"any":{"@type":"x/google.protobuf.Duration","value":"1s","value":"1s"}})"),
              HasSubstr("one \"value\""));
  EXPECT_THAT(Error(R"({"any":{"@type":"x/weather.v1.Place","cty":1}})"), HasSubstr("field \"any.cty\" is not in"));
  EXPECT_THAT(Error(R"({"any":7})"), HasSubstr("must be an object"));
}

TEST_F(JsonToMessageTest, AnUnknownFieldGetsTheNearestName) {
  EXPECT_THAT(Error(R"({"cty":"Oslo"})"),
              HasSubstr("field \"cty\" is not in weather.v1.Request. Did you mean \"city\""));
  EXPECT_EQ(Error(R"({"place":{"near":[{},{"ciy":1}]}})"),
            "field \"place.near[1].ciy\" is not in weather.v1.Place. Did you mean \"city\"?");
  EXPECT_EQ(Error(R"({"place":{"population":1}})"),
            "field \"place.population\" is not in weather.v1.Place. Its fields are city, near.");
  EXPECT_EQ(Error(R"({"empty":{"a":1}})"), "field \"empty.a\" is not in google.protobuf.Empty. That has no fields.");
  EXPECT_THAT(Error("{\"\\u001b[2J\":1}"), HasSubstr("\\x1b"));
}

TEST_F(JsonToMessageTest, AWrongValueIsNamedWithWhatIsExpected) {
  EXPECT_EQ(Error(R"({"days":"x"})"),
            "field \"days\" must be a whole number from -2147483648 to 2147483647 (int32), but is \"x\"");
  EXPECT_EQ(Error(R"({"city":5})"), "field \"city\" must be a string, but is 5");
  EXPECT_EQ(Error(R"({"wet":"true"})"), "field \"wet\" must be true or false (bool), but is \"true\"");
  EXPECT_EQ(Error(R"({"wet":1})"), "field \"wet\" must be true or false (bool), but is 1");
  EXPECT_EQ(Error(R"({"sky":"RAINY"})"),
            "field \"sky\" must be the name of a value of weather.v1.Sky, but is \"RAINY\". Did you mean \"RAIN\"?");
  EXPECT_EQ(Error(R"({"tags":"a"})"), "field \"tags\" must be an array, each of it a string, but is \"a\"");
  EXPECT_EQ(Error(R"({"tags":["a",{"b":1}]})"), "field \"tags[1]\" must be a string, but is {\"b\":1}");
  EXPECT_EQ(Error(R"({"place":["Oslo"]})"), "field \"place\" must be an object (weather.v1.Place), but is [\"Oslo\"]");
  EXPECT_THAT(Error(R"({"counts":[1]})"), HasSubstr("field \"counts\" must be an object"));
  EXPECT_THAT(Error(R"({"counts":{"a":"b"}})"), HasSubstr("field \"counts.a\" must be a whole number"));
  EXPECT_THAT(Error(R"({"places":{"x":{}}})"), HasSubstr("field \"places.x\": its name must be a whole number"));
  EXPECT_THAT(Error(R"({"flags":{"yes":""}})"), HasSubstr("true or false"));
  EXPECT_THAT(Error(R"({"raw":"*"})"), HasSubstr("a string in base64 (bytes), but is \"*\""));
  EXPECT_THAT(Error(R"({"at":"yesterday"})"), HasSubstr("field \"at\" must be a time such as"));
  EXPECT_THAT(Error(R"({"at":5})"), HasSubstr("field \"at\" must be a time such as"));
  EXPECT_THAT(Error(R"({"span":"1"})"), HasSubstr("a duration such as \"1.5s\""));
  EXPECT_THAT(Error(R"({"span":"315576000001s"})"), HasSubstr("a duration"));
  EXPECT_THAT(Error(R"({"extra":[1]})"), HasSubstr("an object (google.protobuf.Struct), but is [1]"));
  EXPECT_THAT(Error(R"({"list":{}})"), HasSubstr("an array (google.protobuf.ListValue)"));
  EXPECT_THAT(Error(R"({"wrapped":{}})"), HasSubstr("a whole number"));
  EXPECT_THAT(Error(R"({"any_value":1e999})"), HasSubstr("a number (double)"));
}

TEST_F(JsonToMessageTest, TheRequestItselfMustBeAnObject) {
  EXPECT_EQ(Error("[1]"), "the request must be an object (weather.v1.Request), but is [1]");
  EXPECT_EQ(Error("null"), "the request must be an object (weather.v1.Request), but is null");
  EXPECT_THAT(Error(""), HasSubstr("malformed at line 1, column 1"));
  EXPECT_THAT(Error("{} x"), HasSubstr("malformed at line 1, column 4"));
}

TEST_F(JsonToMessageTest, MalformedJsonIsSaidToBeThatWhereverItStands) {
  EXPECT_EQ(Error("{\"city\": Oslo}"),
            "the JSON is malformed at line 1, column 10: a value is expected, but \"O\" stands there");
  EXPECT_THAT(Error("{\"days\": {\"a\" 1}}"), HasSubstr("malformed at line 1, column 15"));
  EXPECT_THAT(Error("{\"tags\": [\"a\" \"b\"]}"), HasSubstr("malformed"));
}

TEST_F(JsonToMessageTest, MembersOfAOneofExcludeEachOther) {
  EXPECT_THAT(Error(R"({"place":{},"postcode":"0150"})"),
              AllOf(HasSubstr("\"postcode\""), HasSubstr("\"place\""), HasSubstr("exclude each other")));
  EXPECT_OK(Convert(R"({"place":null,"postcode":"0150"})"));
}

TEST_F(JsonToMessageTest, NothingIsGivenTwice) {
  EXPECT_EQ(Error(R"({"days":1,"days":1})"), "field \"days\" is given twice");
  EXPECT_EQ(Error(R"({"counts":{"a":1,"a":1}})"), "field \"counts.a\" is given twice");
  EXPECT_EQ(Error(R"({"places":{"1":{},"1.0":{}}})"), "field \"places.1.0\" is given twice");
  EXPECT_EQ(Error(R"({"extra":{"a":1,"a":1}})"), "field \"extra.a\" is given twice");
}

TEST_F(JsonToMessageTest, LongValuesAreCutInErrors) {
  EXPECT_THAT(Error(absl::StrCat("{\"days\":\"", std::string(100'000, 'x'), "\"}")),
              ::testing::SizeIs(::testing::Lt(250u)));
}

TEST_F(JsonToMessageTest, DepthAndMemoryAreLimited) {
  const auto nested = [](int depth) {
    std::string json = "{\"place\":";
    for (int i = 2; i < depth; i += 2) json += "{\"near\":[";
    json += "{}";
    for (int i = 2; i < depth; i += 2) json += "]}";
    return json + "}";
  };
  EXPECT_OK(Convert(nested(90)));
  EXPECT_THAT(Error(nested(110)), HasSubstr("nested more than 100 deep"));
  std::string list = "{\"list\":" + std::string(60, '[') + std::string(60, ']') + "}";
  EXPECT_THAT(Error(list), HasSubstr("field \"list\" is nested too deeply"));
  std::string many = "{\"place\":{\"near\":[{}";
  for (int i = 0; i < 1'300'000; ++i) many += ",{}";
  EXPECT_THAT(Error(many + "]}}"), HasSubstr("64 MiB of memory"));
  EXPECT_THAT(Error(std::string((4 << 20) + 1, ' ')), HasSubstr("at most"));
}

TEST(JsonToMessageProto2, RequiredFieldsAndClosedEnums) {
  const auto set = MakeSkillSet(R"txt(
      syntax = "proto2";
      enum Sky { CLEAR = 1; }
      message R { required string city = 1; optional Sky sky = 2; optional R r = 3; }
      service S { rpc Do(R) returns (R); })txt",
                                "S");
  const std::unique_ptr<google::protobuf::Message> message(
      set->messages().GetPrototype(set->service().method(0)->input_type())->New());
  EXPECT_THAT(JsonToMessage(R"({"city":"Oslo","r":{}})", message.get()),
              StatusIs(absl::StatusCode::kInvalidArgument, "field \"r.city\" is required"));
  message->Clear();
  EXPECT_THAT(JsonToMessage(R"({"city":"Oslo","sky":2})", message.get()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("field \"sky\"")));
}

}  // namespace
}  // namespace paranet
