#include "tools/cli/run.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "core/base/status.h"
#include "tools/cli/home.h"
#include "tools/cli/process.h"

namespace paranet::cli {
namespace {

absl::Status ParseAndRun(CommandTree& tree, const std::vector<std::string>& arguments, Output& output) {
  PARANET_ASSIGN_OR_RETURN(const CommandTree::Parsed parsed, tree.Parse(arguments));
  if (parsed.run == nullptr) {
    output.Result(JsonObject().Set("help", parsed.help), parsed.help);
    return absl::OkStatus();
  }
  PARANET_ASSIGN_OR_RETURN(Home home, Home::FromEnvironment());
  PARANET_ASSIGN_OR_RETURN(std::string executable, OwnExecutable());
  Context context{.home = std::move(home), .out = &output, .executable = std::move(executable)};
  return parsed.run(context);
}

}  // namespace

ExitCode RunCommand(CommandTree& tree, const std::vector<std::string>& arguments, const Output::Streams& streams) {
  const absl::StatusOr<OutputFormat> format = CommandTree::FormatOf(arguments);
  Output output(format.value_or(OutputFormat::kText), streams);
  const absl::Status status = format.ok() ? ParseAndRun(tree, arguments, output) : format.status();
  if (!status.ok() && !IsAlreadyPrinted(status)) output.Error(status);
  return ExitCodeOf(status);
}

Output::Streams StandardStreams() {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colour = isatty(STDERR_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
  return {.data = &std::cout, .talk = &std::cerr, .colour = colour};
}

}  // namespace paranet::cli
