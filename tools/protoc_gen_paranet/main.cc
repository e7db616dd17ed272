// protoc-gen-paranet: protoc --paranet_out=DIR finds it on the PATH.
#include "google/protobuf/compiler/plugin.h"
#include "tools/protoc_gen_paranet/generator.h"

int main(int argc, char** argv) {
  const paranet::ActorGenerator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
