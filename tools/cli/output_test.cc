#include "tools/cli/output.h"

#include <sstream>

#include "gtest/gtest.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

class OutputTest : public testing::Test {
 protected:
  Output Make(OutputFormat format, bool colour = false) {
    return Output(format, {.data = &data_, .talk = &talk_, .colour = colour});
  }
  std::ostringstream data_;
  std::ostringstream talk_;
};

TEST_F(OutputTest, ResultIsWhatIsAskedFor) {
  Make(OutputFormat::kText).Result(JsonObject().Set("a", 1), "a is 1");
  EXPECT_EQ(data_.str(), "a is 1\n");
  data_.str("");
  Make(OutputFormat::kJson).Result(JsonObject().Set("a", 1), "a is 1");
  EXPECT_EQ(data_.str(), "{\"a\":1}\n");
  EXPECT_EQ(talk_.str(), "");
}

TEST_F(OutputTest, ErrorIsTalkInText) {
  Make(OutputFormat::kText).Error(absl::NotFoundError("no node \"x\""));
  EXPECT_EQ(data_.str(), "");
  EXPECT_EQ(talk_.str(), "paranet: no node \"x\"\n");
}

TEST_F(OutputTest, ErrorIsDataInJson) {
  Make(OutputFormat::kJson).Error(absl::NotFoundError("no node \"x\""));
  EXPECT_EQ(data_.str(), R"({"error":{"code":"NOT_FOUND","message":"no node \"x\"","exit_code":3}})"
                         "\n");
  EXPECT_EQ(talk_.str(), "");
}

TEST_F(OutputTest, UsageErrorHasItsExitCode) {
  Make(OutputFormat::kJson).Error(UsageError("what?"));
  EXPECT_NE(data_.str().find("\"exit_code\":2"), std::string::npos);
}

TEST_F(OutputTest, ColoursOnlyWhereAllowed) {
  EXPECT_EQ(Make(OutputFormat::kText).Good("ok"), "ok");
  EXPECT_EQ(Make(OutputFormat::kText, true).Good("ok"), "\x1b[32mok\x1b[0m");
  EXPECT_EQ(Make(OutputFormat::kText, true).Bad("no"), "\x1b[31mno\x1b[0m");
}

TEST_F(OutputTest, DataNeverHasColours) {
  Make(OutputFormat::kJson, true).Error(absl::InternalError("x"));
  EXPECT_EQ(data_.str().find('\x1b'), std::string::npos);
}

TEST(FormatTableTest, AlignsColumnsWithoutTrailingSpace) {
  EXPECT_EQ(FormatTable({"name", "state"}, {{"alpha", "up"}, {"b", ""}}, "none"), "NAME   STATE\nalpha  up\nb\n");
}

TEST(FormatTableTest, CountsCharactersNotBytes) {
  EXPECT_EQ(FormatTable({"city", "n"}, {{"Tromsø", "1"}, {"Bodin!", "2"}}, ""), "CITY    N\nTromsø  1\nBodin!  2\n");
}

TEST(FormatTableTest, SaysThatThereIsNothing) { EXPECT_EQ(FormatTable({"name"}, {}, "no nodes"), "no nodes\n"); }

TEST(FormatFieldsTest, AlignsAndLeavesOutEmptyOnes) {
  EXPECT_EQ(FormatFields({{"name", "alpha"}, {"a long name", ""}, {"pid", "7"}}), "name  alpha\npid   7\n");
}

}  // namespace
}  // namespace paranet::cli
