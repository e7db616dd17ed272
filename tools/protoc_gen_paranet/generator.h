// Makes C++ base classes for actors, and clients for their callers, from services in .proto files.
//
// For `foo.proto` it writes `foo.paranet.h` and `foo.paranet.cc`. Each service `Weather` becomes a class
// `WeatherSkillSet` with one pure virtual function per method, which an actor's class derives from and core/actor/sdk.h
// exports; and a class
// `WeatherClient` with which an actor calls it (core/actor/client.h).
#ifndef PARANET_TOOLS_PROTOC_GEN_PARANET_GENERATOR_H_
#define PARANET_TOOLS_PROTOC_GEN_PARANET_GENERATOR_H_

#include <string>

#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/descriptor.h"

namespace paranet {

class ActorGenerator final : public google::protobuf::compiler::CodeGenerator {
 public:
  // Fails, with one sentence in `error` that names file, service and method, if a parameter is given (there are none),
  // if a method cannot be a C++ function, or if two things would have one name.
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace paranet

#endif  // PARANET_TOOLS_PROTOC_GEN_PARANET_GENERATOR_H_
