// The files of the example package, inside of the program that uses this.
#ifndef PARANET_EXAMPLES_WEATHER_EMBEDDED_H_
#define PARANET_EXAMPLES_WEATHER_EMBEDDED_H_

#include <span>
#include <string_view>

namespace paranet {

struct EmbeddedFile {
  // Within the package's folder.
  std::string_view path;
  std::string_view content;
};

// paranet.yaml, the actor's library and its descriptors, sorted by path.
std::span<const EmbeddedFile> WeatherPackageFiles();

}  // namespace paranet

#endif  // PARANET_EXAMPLES_WEATHER_EMBEDDED_H_
