// The files of the second example package, inside of the program that uses this.
#ifndef PARANET_EXAMPLES_GREETER_EMBEDDED_H_
#define PARANET_EXAMPLES_GREETER_EMBEDDED_H_

#include <span>
#include <string_view>

namespace paranet {

struct GreeterFile {
  // Within the package's folder.
  std::string_view path;
  std::string_view content;
};

// paranet.yaml, the actor's library and its descriptors, sorted by path.
std::span<const GreeterFile> GreeterPackageFiles();

}  // namespace paranet

#endif  // PARANET_EXAMPLES_GREETER_EMBEDDED_H_
