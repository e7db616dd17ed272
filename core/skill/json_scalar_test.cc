#include "core/skill/json_scalar.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

// Puts values into a field of the type it is asked for; false or the field as text.
class JsonScalarTest : public ::testing::Test {
 protected:
  std::string Put(const std::string& type, const std::string& text, bool quoted = false) {
    const google::protobuf::Descriptor& all = *set_->service().method(0)->input_type();
    const std::unique_ptr<google::protobuf::Message> message(set_->messages().GetPrototype(&all)->New());
    const auto* field = all.FindFieldByName("f_" + type);
    return FieldSlot(message.get(), field).PutText(text, quoted) ? message->ShortDebugString() : "false";
  }

  const std::shared_ptr<const SkillSet> set_ = MakeSkillSet(R"txt(
      syntax = "proto3";
      enum Sky { CLEAR = 0; RAIN = 1; }
      message All {
        optional int32 f_int32 = 1; optional int64 f_int64 = 2; optional uint32 f_uint32 = 3;
        optional uint64 f_uint64 = 4; optional float f_float = 5; optional double f_double = 6;
        optional bool f_bool = 7; optional bytes f_bytes = 8; optional string f_string = 9;
        optional Sky f_enum = 10; repeated int32 f_repeated = 11; All f_message = 12;
      }
      service Weather { rpc Current(All) returns (All); })txt",
                                                            "Weather");
};

TEST_F(JsonScalarTest, IntegersWithinTheirRange) {
  EXPECT_EQ(Put("int32", "-2147483648"), "f_int32: -2147483648");
  EXPECT_EQ(Put("int32", "2147483647", true), "f_int32: 2147483647");
  EXPECT_EQ(Put("int64", "9223372036854775807"), "f_int64: 9223372036854775807");
  EXPECT_EQ(Put("uint64", "18446744073709551615"), "f_uint64: 18446744073709551615");
  EXPECT_EQ(Put("int32", "1e3"), "f_int32: 1000");
  EXPECT_EQ(Put("uint32", "5.0"), "f_uint32: 5");
  EXPECT_EQ(Put("int64", "-1.5e1"), "f_int64: -15");
}

TEST_F(JsonScalarTest, IntegersBeyondTheirRangeAreRefused) {
  for (const char* text :
       {"2147483648", "-2147483649", "1.5", "1e10", "1e999", "", " 1", "1 ", "+1", "0x1", "x", "NaN"}) {
    EXPECT_EQ(Put("int32", text, true), "false") << text;
  }
  EXPECT_EQ(Put("uint32", "-1"), "false");
  EXPECT_EQ(Put("uint32", "-1.0"), "false");
  EXPECT_EQ(Put("uint32", "4294967296"), "false");
  EXPECT_EQ(Put("int64", "9223372036854775808"), "false");
  EXPECT_EQ(Put("int64", "9.3e18"), "false");
  EXPECT_EQ(Put("uint64", "18446744073709551616"), "false");
  EXPECT_EQ(Put("uint64", "1.9e19"), "false");
}

TEST_F(JsonScalarTest, Reals) {
  EXPECT_EQ(Put("double", "1.5"), "f_double: 1.5");
  EXPECT_EQ(Put("double", "-0.25e2", true), "f_double: -25");
  EXPECT_EQ(Put("float", "NaN", true), "f_float: nan");
  EXPECT_EQ(Put("double", "-Infinity", true), "f_double: -inf");
  for (const char* text : {"1e999", "inf", "nan", "infinity", "", "0x10", "1_0"}) {
    EXPECT_EQ(Put("double", text, true), "false") << text;
  }
  EXPECT_EQ(Put("double", "NaN", false), "false");
  EXPECT_EQ(Put("float", "3.5e38"), "false");
}

TEST_F(JsonScalarTest, BytesAreBase64OfEitherAlphabet) {
  EXPECT_EQ(Put("bytes", "aGk=", true), "f_bytes: \"hi\"");
  EXPECT_EQ(Put("bytes", "aGk", true), "f_bytes: \"hi\"");
  EXPECT_EQ(Put("bytes", "+/8=", true), Put("bytes", "-_8", true));
  EXPECT_EQ(Put("bytes", "", true), "f_bytes: \"\"");
  for (const char* text : {"a", "a*b=", "a===", "ä"}) EXPECT_EQ(Put("bytes", text, true), "false") << text;
}

TEST_F(JsonScalarTest, OtherTypes) {
  EXPECT_EQ(Put("string", "5", true), "f_string: \"5\"");
  EXPECT_EQ(Put("bool", "true", true), "f_bool: true");
  EXPECT_EQ(Put("bool", "1", true), "false");
  EXPECT_EQ(Put("enum", "1"), "f_enum: RAIN");
  EXPECT_EQ(Put("enum", "7"), "f_enum: 7") << "proto3 enumerations are open";
  EXPECT_EQ(Put("enum", "1.5"), "false");
  EXPECT_EQ(Put("repeated", "4"), "f_repeated: 4");
  EXPECT_EQ(Put("message", "4"), "false");
}

TEST_F(JsonScalarTest, SaysWhatIsExpected) {
  const google::protobuf::Descriptor& all = *set_->service().method(0)->input_type();
  EXPECT_EQ(ExpectedValue(*all.FindFieldByName("f_int32")), "a whole number from -2147483648 to 2147483647 (int32)");
  EXPECT_EQ(ExpectedValue(*all.FindFieldByName("f_uint64")), "a whole number from 0 to 18446744073709551615 (uint64)");
  EXPECT_EQ(ExpectedValue(*all.FindFieldByName("f_bytes")), "a string in base64 (bytes)");
  EXPECT_EQ(ExpectedValue(*all.FindFieldByName("f_enum")), "the name of a value of Sky");
  EXPECT_EQ(ExpectedValue(*all.FindFieldByName("f_message")), "an object (All)");
}

}  // namespace
}  // namespace paranet
