// From a .proto file to its descriptors, as protoc does it, so that an author needs no protoc.
#ifndef PARANET_TOOLS_AUTHOR_PROTO_COMPILER_H_
#define PARANET_TOOLS_AUTHOR_PROTO_COMPILER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace paranet::cli {

// One .proto file with all that it imports. Movable.
class CompiledProto {
 public:
  // `path`: the file; its imports are below the same folder, or are paranet/v1/options.proto or protobuf's well-known
  // types, which come with this program. NOT_FOUND if there is no such file, INVALID_ARGUMENT `FILE:LINE:COLUMN: ...`,
  // a line for each of them, if there are errors in it.
  static absl::StatusOr<CompiledProto> Compile(const std::string& path);
  ~CompiledProto();
  CompiledProto(CompiledProto&& other) noexcept;
  CompiledProto& operator=(CompiledProto&& other) noexcept;

  // Lives as long as this.
  const google::protobuf::FileDescriptor& file() const;
  // A serialized google.protobuf.FileDescriptorSet: the file behind all that it imports. The same sources make the same
  // bytes.
  std::string DescriptorSet() const;

 private:
  struct State;
  explicit CompiledProto(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_AUTHOR_PROTO_COMPILER_H_
