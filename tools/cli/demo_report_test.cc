#include "tools/cli/demo_report.h"

#include <sstream>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class DemoReportTest : public testing::Test {
 protected:
  Output Make(OutputFormat format) { return Output(format, {.data = &data_, .talk = &talk_}); }
  std::ostringstream data_;
  std::ostringstream talk_;
};

TEST_F(DemoReportTest, TextShowsEachStepAsItEnds) {
  Output output = Make(OutputFormat::kText);
  DemoReport report(&output);
  EXPECT_OK(report.Run("start", [] { return "on 127.0.0.1:1"; }));
  EXPECT_THAT(data_.str(), AllOf(StartsWith("✓"), ContainsRegex("[0-9] ms  start: on 127.0.0.1:1\n$")));
  EXPECT_THAT(report.Run("stop", []() -> absl::StatusOr<std::string> { return absl::UnavailableError("gone"); }),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(data_.str(), HasSubstr("✗"));
  EXPECT_OK(report.Finish(JsonObject(), absl::OkStatus()));
}

TEST_F(DemoReportTest, JsonIsOneObject) {
  Output output = Make(OutputFormat::kJson);
  DemoReport report(&output);
  EXPECT_OK(report.Run("start", [] { return ""; }));
  EXPECT_EQ(data_.str(), "");
  EXPECT_OK(report.Finish(JsonObject().Set("network", "acme"), absl::OkStatus()));
  EXPECT_THAT(data_.str(), AllOf(StartsWith(R"({"network":"acme","steps":[{"name":"start","ok":true,"ms":)"),
                                 HasSubstr(R"("ok":true})")));
}

TEST_F(DemoReportTest, JsonFailureIsTheSameOneObject) {
  Output output = Make(OutputFormat::kJson);
  DemoReport report(&output);
  const absl::Status status =
      report.Run("call", []() -> absl::StatusOr<std::string> { return absl::NotFoundError("no skill"); });
  const absl::Status end = report.Finish(JsonObject().Set("network", "acme"), status);
  EXPECT_TRUE(IsAlreadyPrinted(end));
  EXPECT_EQ(ExitCodeOf(end), ExitCode::kNotFound);
  EXPECT_THAT(data_.str(), HasSubstr(R"("ok":false,"error":{"code":"NOT_FOUND","message":"no skill","exit_code":3}})"));
}

}  // namespace
}  // namespace paranet::cli
