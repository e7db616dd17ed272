#include "examples/weather/embedded.h"

// From the assembler of the generated embedded_data.cc.
extern "C" {
extern const char paranet_weather_libweather_so[];
extern const char paranet_weather_libweather_so_end[];
extern const char paranet_weather_paranet_yaml[];
extern const char paranet_weather_paranet_yaml_end[];
extern const char paranet_weather_weather_binpb[];
extern const char paranet_weather_weather_binpb_end[];
}

namespace paranet {
namespace {

std::string_view Between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

}  // namespace

std::span<const EmbeddedFile> WeatherPackageFiles() {
  static const EmbeddedFile files[] = {
      {"libweather.so", Between(paranet_weather_libweather_so, paranet_weather_libweather_so_end)},
      {"paranet.yaml", Between(paranet_weather_paranet_yaml, paranet_weather_paranet_yaml_end)},
      {"weather.binpb", Between(paranet_weather_weather_binpb, paranet_weather_weather_binpb_end)},
  };
  return files;
}

}  // namespace paranet
