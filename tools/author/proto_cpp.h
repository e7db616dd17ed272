// From descriptors to C++ that needs no protobuf: structs for messages, base classes for services (core/actor/lite.h).
#ifndef PARANET_TOOLS_AUTHOR_PROTO_CPP_H_
#define PARANET_TOOLS_AUTHOR_PROTO_CPP_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace paranet::cli {

// One header with all messages that are in `file` or that its services use, in their packages' namespaces, and a class
// for each service of `file`. `guard`: of the header. A message becomes a struct, a nested one `Outer_Inner`, an enum
// an `enum class`; fields are members: T, std::optional<T> (messages, `optional`, members of a oneof), std::vector<T>,
// std::map<K, V>.
//
// INVALID_ARGUMENT, naming it, for what a struct cannot be: a message that contains itself other than by a repeated
// field, or is not of proto3.
absl::StatusOr<std::string> GenerateCpp(const google::protobuf::FileDescriptor& file, const std::string& guard);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_AUTHOR_PROTO_CPP_H_
