// The command line from its arguments to its exit code.
#ifndef PARANET_TOOLS_CLI_RUN_H_
#define PARANET_TOOLS_CLI_RUN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/output.h"

namespace paranet::cli {

// Parses `arguments` (without the program's name), runs the verb and prints its error. Nothing is kept between calls.
ExitCode RunCommand(CommandTree& tree, const std::vector<std::string>& arguments, const Output::Streams& streams);

// This process's standard output and error; colours where that is a terminal and NO_COLOR (no-color.org) is not set.
Output::Streams StandardStreams();

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_RUN_H_
