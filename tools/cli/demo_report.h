// The steps of a demonstration: run one by one, timed, printed as they end.
#ifndef PARANET_TOOLS_CLI_DEMO_REPORT_H_
#define PARANET_TOOLS_CLI_DEMO_REPORT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/cli/json.h"
#include "tools/cli/output.h"

namespace paranet::cli {

class DemoReport {
 public:
  // What a step has to say for itself, or why it failed.
  using Step = std::function<absl::StatusOr<std::string>()>;

  // In text, each step is printed when it ends; in JSON, all of them by Finish.
  explicit DemoReport(Output* output) : output_(output) {}

  // Runs `step` and records it. Its error, if it fails.
  absl::Status Run(const std::string& name, const Step& step);

  // Ends the report. In JSON, prints `object` with `steps`, `ok` and, if `status` is not OK, `error` added; then the
  // error that comes back is marked as printed.
  absl::Status Finish(JsonObject object, const absl::Status& status);

 private:
  Output* const output_;
  std::vector<Json> steps_;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_DEMO_REPORT_H_
