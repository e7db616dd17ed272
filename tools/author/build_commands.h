// What a package's author wants to be done before its folder becomes an archive: `build` in paranet.yaml.
#ifndef PARANET_TOOLS_AUTHOR_BUILD_COMMANDS_H_
#define PARANET_TOOLS_AUTHOR_BUILD_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace paranet::cli {

// The commands in FOLDER/paranet.yaml; none if it has none, or no such file. INVALID_ARGUMENT `FILE:LINE:COLUMN: ...`.
absl::StatusOr<std::vector<std::string>> ReadBuildCommands(const std::string& folder);

// Runs each command by /bin/sh, in `folder`, one after the other, with PARANET=`executable` in its environment, nothing
// as standard input, and standard error for all that it prints. FAILED_PRECONDITION at the first that fails.
absl::Status RunBuildCommands(const std::vector<std::string>& commands, const std::string& folder,
                              const std::string& executable);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_AUTHOR_BUILD_COMMANDS_H_
