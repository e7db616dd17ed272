#include "core/skill/json.h"

#include <memory>
#include <string>

#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

constexpr absl::string_view kProto = R"txt(
    syntax = "proto3";
    package weather.v1;
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    enum Sky { SKY_UNSPECIFIED = 0; RAIN = 1; }
    message Place {
      string city = 1;
      Place within = 2;
      enum Kind { TOWN = 0; }
      Kind kind = 3;
      message Point { float x = 1; }
      Point point = 4;
    }
    message Request {
      Place place = 1;
      repeated int64 days = 2;
      map<int32, Place> places = 3;
      oneof by { string name = 4; bytes key = 5; }
      optional bool wet = 6;
      Sky sky = 7;
      google.protobuf.Timestamp at = 8;
      google.protobuf.Duration span = 9;
      google.protobuf.Struct extra = 10;
      google.protobuf.Any any = 11;
      google.protobuf.DoubleValue wrapped = 12;
      repeated Place more_places = 13;
    }
    service Weather {
      rpc Current(Request) returns (Request);
      rpc Name(google.protobuf.StringValue) returns (google.protobuf.StringValue);
    })txt";

class JsonTest : public ::testing::Test {
 protected:
  const Skill& skill() const { return set_->skills()[0]; }
  const std::shared_ptr<const SkillSet> set_ = MakeSkillSet(kProto, "weather.v1.Weather");
};

TEST_F(JsonTest, GoesThereAndBack) {
  ASSERT_OK_AND_ASSIGN(
      const Payload payload,
      RequestFromJson(skill(), R"({"place":{"city":"Oslo\n"},"days":[1,"-2"],"name":"ä","sky":"RAIN"})"));
  ASSERT_OK_AND_ASSIGN(const std::string json, ResponseToJson(skill(), payload));
  EXPECT_THAT(json, HasSubstr(R"("place":{"city":"Oslo\n","kind":"TOWN"})"));
  EXPECT_THAT(json, HasSubstr(R"("days":["1","-2"])"));
  EXPECT_THAT(json, HasSubstr(R"("name":"ä")"));
  EXPECT_THAT(json, HasSubstr(R"("sky":"RAIN")"));
  EXPECT_EQ(json.find('\n'), std::string::npos) << "one line";
  ASSERT_OK_AND_ASSIGN(const Payload again, RequestFromJson(skill(), json));
  EXPECT_EQ(PayloadToString(again), PayloadToString(payload));
}

TEST_F(JsonTest, DefaultsArePrintedUnderTheirProtoNames) {
  ASSERT_OK_AND_ASSIGN(const std::string json, ResponseToJson(skill(), MakePayload("")));
  EXPECT_THAT(json, HasSubstr(R"("days":[])"));
  EXPECT_THAT(json, HasSubstr(R"("more_places":[])"));
  EXPECT_THAT(json, HasSubstr(R"("sky":"SKY_UNSPECIFIED")"));
}

TEST_F(JsonTest, ARequestMayBeAWellKnownType) {
  ASSERT_OK_AND_ASSIGN(const Payload payload, RequestFromJson(set_->skills()[1], "\"Oslo\""));
  EXPECT_THAT(ResponseToJson(set_->skills()[1], payload), IsOkAndHolds("\"Oslo\""));
}

TEST_F(JsonTest, ABadRequestIsAnErrorOfTheCaller) {
  EXPECT_THAT(RequestFromJson(skill(), R"({"plac":{}})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "field \"plac\" is not in weather.v1.Request. Did you mean \"place\" or \"places\"?"));
}

TEST_F(JsonTest, AResponseThatIsNoneIsDataLoss) {
  EXPECT_THAT(ResponseToJson(skill(), MakePayload("\x0a\xff")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("weather/current is no weather.v1.Request")));
  EXPECT_THAT(ResponseToJson(skill(), MakePayload("\x22\x01\xff")), StatusIs(absl::StatusCode::kDataLoss))
      << "a string that is not UTF-8";
  // An Any of a type that nobody knows.
  EXPECT_THAT(ResponseToJson(skill(), MakePayload("\x5a\x09\x0a\x03x/y\x12\x02hi")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("weather/current has no JSON form")));
}

TEST_F(JsonTest, TheExampleIsAValidRequestWithEveryField) {
  const std::string example = ExampleRequestJson(skill());
  EXPECT_OK(RequestFromJson(skill(), example)) << example;
  EXPECT_EQ(example,
            R"({"place":{"city":"text","kind":"TOWN","point":{"x":1.5}},"days":[1],)"
            R"("places":{"1":{"city":"text","kind":"TOWN","point":{"x":1.5}}},"name":"text","wet":true,"sky":"RAIN",)"
            R"("at":"2026-01-31T12:00:00Z","span":"1.5s","extra":{"name":"value"},"wrapped":1.5,)"
            R"("more_places":[{"city":"text","kind":"TOWN","point":{"x":1.5}}]})");
  EXPECT_EQ(ExampleRequestJson(set_->skills()[1]), "\"text\"");
}

TEST(Json, TheExampleOfAHugeTypeStaysSmall) {
  std::string text = "syntax = \"proto3\";";
  for (int i = 0; i < 9; ++i) {
    text += "message M" + std::to_string(i) + " {";
    for (int j = 1; j <= 10; ++j) {
      text += (i < 8 ? "M" + std::to_string(i + 1) : std::string("string")) + " f" + std::to_string(j) + " = " +
              std::to_string(j) + ";";
    }
    text += "}";
  }
  const auto set = MakeSkillSet(text + "service S { rpc Do(M0) returns (M0); }", "S");
  const std::string example = ExampleRequestJson(set->skills()[0]);
  EXPECT_LT(example.size(), 20'000u);
  EXPECT_OK(RequestFromJson(set->skills()[0], example));
}

TEST_F(JsonTest, TheSchemaIsProtoSyntaxWithAllTypesOnce) {
  EXPECT_EQ(SchemaText(*skill().method->input_type()), R"txt(message Request {
  Place place = 1;
  repeated int64 days = 2;
  map<int32, Place> places = 3;
  oneof by {
    string name = 4;
    bytes key = 5;
  }
  optional bool wet = 6;
  Sky sky = 7;
  google.protobuf.Timestamp at = 8;
  google.protobuf.Duration span = 9;
  google.protobuf.Struct extra = 10;
  google.protobuf.Any any = 11;
  google.protobuf.DoubleValue wrapped = 12;
  repeated Place more_places = 13;
}

message Place {
  enum Kind {
    TOWN = 0;
  }
  message Point {
    float x = 1;
  }
  string city = 1;
  Place within = 2;
  Place.Kind kind = 3;
  Place.Point point = 4;
}

enum Sky {
  SKY_UNSPECIFIED = 0;
  RAIN = 1;
}
)txt");
  EXPECT_EQ(SchemaText(*set_->skills()[1].method->input_type()), "message StringValue {\n  string value = 1;\n}\n");
}

}  // namespace
}  // namespace paranet
