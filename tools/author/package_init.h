// `paranet package init`: a new package to begin with, in one of three languages.
#ifndef PARANET_TOOLS_AUTHOR_PACKAGE_INIT_H_
#define PARANET_TOOLS_AUTHOR_PACKAGE_INIT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/command_tree.h"

namespace paranet::cli {

struct NewPackage {
  std::string folder;
  // Paths below it, sorted.
  std::vector<std::string> files;
};

// Makes the folder `name` below the current one, with a package of that id. `language`: cpp, python or exec.
// INVALID_ARGUMENT: no such language; a name that is none. ALREADY_EXISTS: there is something with that name.
absl::StatusOr<NewPackage> InitPackage(const std::string& name, const std::string& language);

void AddPackageInit(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_AUTHOR_PACKAGE_INIT_H_
