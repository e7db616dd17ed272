// The .proto files of a service, taken out of a set that may come from anyone.
#ifndef PARANET_CORE_SKILL_FILE_SET_H_
#define PARANET_CORE_SKILL_FILE_SET_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.pb.h"

namespace paranet {

// Limits of what SkillSet accepts. They keep a hostile set from costing more than its bytes: memory for names, work
// that grows with the square of a number, and depth of recursion in protobuf.
struct FileSetLimits {
  static constexpr size_t kBytes = size_t{4} << 20;
  static constexpr int kFiles = 1'000;
  // Messages of all files, nested ones included.
  static constexpr int kMessages = 4'000;
  // Of one message: fields and extensions; reserved ranges, names and extension ranges.
  static constexpr int kFields = 4'000;
  static constexpr int kRanges = 1'000;
  // Of one service.
  static constexpr int kMethods = 1'000;
  // Length of all full names together.
  static constexpr size_t kNameBytes = size_t{64} << 20;
};

// The file that defines `service` and all that it imports, each after those it imports, without source information:
// the same bytes for the same files whatever their order in `descriptors`, a serialized
// google.protobuf.FileDescriptorSet. The well-known types and paranet/v1/options.proto are this program's own, whether
// `descriptors` has them or not. INVALID_ARGUMENT, naming the file, if the set does not parse, breaks a limit, has a
// file twice, lacks an import, has a cycle of imports, defines something in google.protobuf, or has no such service.
absl::StatusOr<google::protobuf::FileDescriptorSet> FilesOfService(absl::string_view descriptors,
                                                                   absl::string_view service);

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_FILE_SET_H_
