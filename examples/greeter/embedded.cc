#include "examples/greeter/embedded.h"

// From the assembler of the generated embedded_data.cc.
extern "C" {
extern const char paranet_greeter_libgreeter_so[];
extern const char paranet_greeter_libgreeter_so_end[];
extern const char paranet_greeter_paranet_yaml[];
extern const char paranet_greeter_paranet_yaml_end[];
extern const char paranet_greeter_greeter_binpb[];
extern const char paranet_greeter_greeter_binpb_end[];
}

namespace paranet {
namespace {

std::string_view Between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

}  // namespace

std::span<const GreeterFile> GreeterPackageFiles() {
  static const GreeterFile files[] = {
      {"greeter.binpb", Between(paranet_greeter_greeter_binpb, paranet_greeter_greeter_binpb_end)},
      {"libgreeter.so", Between(paranet_greeter_libgreeter_so, paranet_greeter_libgreeter_so_end)},
      {"paranet.yaml", Between(paranet_greeter_paranet_yaml, paranet_greeter_paranet_yaml_end)},
  };
  return files;
}

}  // namespace paranet
