// The files of new packages (tools/author/templates), inside of this program.
#ifndef PARANET_TOOLS_AUTHOR_PACKAGE_TEMPLATES_H_
#define PARANET_TOOLS_AUTHOR_PACKAGE_TEMPLATES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet::cli {

struct TemplateFile {
  // In path and content, `@name@` stands for the package's id (`hello-world`), `@proto@` for the same as part of a name
  // in a .proto (`hello_world`) and `@Name@` for the same as the name of a type (`HelloWorld`).
  std::string path;
  absl::string_view content;
  bool executable = false;
  // Its content stays as it is.
  bool verbatim = false;
};

// Sorted by path. INVALID_ARGUMENT, naming those that there are, for another language.
absl::StatusOr<std::vector<TemplateFile>> TemplatesOf(absl::string_view language);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_AUTHOR_PACKAGE_TEMPLATES_H_
