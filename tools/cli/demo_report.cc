#include "tools/cli/demo_report.h"

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {

absl::Status DemoReport::Run(const std::string& name, const Step& step) {
  const absl::Time begin = absl::Now();
  const absl::StatusOr<std::string> result = step();
  const double ms = absl::ToDoubleMilliseconds(absl::Now() - begin);
  const std::string detail = result.ok() ? *result : std::string(result.status().message());
  steps_.push_back(JsonObject().Set("name", name).Set("ok", result.ok()).Set("ms", ms).Set("detail", detail));
  if (output_->format() == OutputFormat::kText) {
    output_->Line(
        absl::StrFormat("%s %7.1f ms  %s%s%s", result.ok() ? "✓" : "✗", ms, name, detail.empty() ? "" : ": ", detail));
  }
  return result.status();
}

absl::Status DemoReport::Finish(JsonObject object, const absl::Status& status) {
  if (output_->format() == OutputFormat::kText) return status;
  object.Set("steps", Json::Array(steps_)).Set("ok", status.ok());
  if (!status.ok()) {
    object.Set("error", JsonObject()
                            .Set("code", absl::StatusCodeToString(status.code()))
                            .Set("message", status.message())
                            .Set("exit_code", static_cast<int>(ExitCodeOf(status))));
  }
  output_->Line(Json(object).text());
  return status.ok() ? status : AlreadyPrinted(status);
}

}  // namespace paranet::cli
