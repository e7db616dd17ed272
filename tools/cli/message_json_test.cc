#include "tools/cli/message_json.h"

#include "gtest/gtest.h"
#include "paranet/v1/federation.pb.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/skill.pb.h"

namespace paranet::cli {
namespace {

TEST(MessageJsonTest, EnumsLoseTheirPrefix) {
  EXPECT_EQ(EnumWord(*v1::SkillShape_descriptor()->FindValueByNumber(v1::SKILL_SHAPE_SERVER_STREAM)), "server_stream");
  EXPECT_EQ(EnumWord(v1::LinkMode_descriptor(), v1::ONE_WAY), "one_way");
  EXPECT_EQ(EnumWord(v1::LinkMode_descriptor(), 0), "unspecified");
  EXPECT_EQ(EnumWord(v1::LinkMode_descriptor(), 77), "77");
}

TEST(MessageJsonTest, LargeIntegersAreNumbersAndDefaultsAreThere) {
  v1::LinkInfo link;
  link.set_peer("beta");
  link.set_state(v1::LinkInfo::UP);
  link.set_since_unix_ms(1700000000000);
  EXPECT_EQ(MessageToJson(link).text(),
            R"({"peer":"beta","address":"","mode":"unspecified","dialler":false,"state":"up",)"
            R"("since_unix_ms":1700000000000,"last_error":"","imports":0,"exports":0,"calls_in":0,"calls_out":0,)"
            R"("attempts":0})");
}

TEST(MessageJsonTest, AbsentMessagesAndEmptyBytesAreLeftOut) {
  v1::GetSkillResponse response;
  response.mutable_skill_set()->mutable_skill_set()->set_name("weather.v1.Weather");
  const std::string text = MessageToJson(response).text();
  EXPECT_EQ(text.find("\"skill\":"), std::string::npos) << text;
  EXPECT_EQ(text.find("descriptors"), std::string::npos) << text;
}

TEST(MessageJsonTest, BytesAreHexadecimal) {
  v1::SkillSet set;
  set.set_descriptors_digest("\x01\xff");
  EXPECT_NE(MessageToJson(set).text().find(R"("descriptors_digest":"01ff")"), std::string::npos);
}

TEST(MessageJsonTest, RepeatedMessages) {
  v1::ListLinksResponse response;
  EXPECT_EQ(MessageToJson(response).text(), R"({"links":[]})");
  response.add_links();
  EXPECT_EQ(MessageToJson(response).text().rfind(R"({"links":[{"peer":"")", 0), 0u);
}

}  // namespace
}  // namespace paranet::cli
