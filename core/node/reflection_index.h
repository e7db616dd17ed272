// What gRPC reflection can answer, for one state of the catalogue and one kind of client.
#ifndef PARANET_CORE_NODE_REFLECTION_INDEX_H_
#define PARANET_CORE_NODE_REFLECTION_INDEX_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/node/visibility.h"
#include "core/skill/catalogue.h"
#include "google/protobuf/descriptor.h"

namespace paranet {

// Skill sets have descriptors of their own, so two may have different files of one name: the one that comes first in
// the catalogue is meant (the highest version), the node's own services before all. Thread-safe.
class ReflectionIndex {
 public:
  // `own`: services of the node itself, which live as long as the program.
  ReflectionIndex(std::shared_ptr<const CatalogueSnapshot> snapshot, ClientView view,
                  std::vector<const google::protobuf::ServiceDescriptor*> own)
      : snapshot_(std::move(snapshot)), view_(std::move(view)), own_(std::move(own)) {}

  // Full names of the services, sorted, each once.
  std::vector<std::string> Services() const;
  // Serialized google.protobuf.FileDescriptorProtos: the file, then all that it imports. Services and methods that are
  // hidden from the client are left out. NOT_FOUND.
  absl::StatusOr<std::vector<std::string>> FileByName(absl::string_view name) const;
  // The file in which a message, enum, field, service or method is defined.
  absl::StatusOr<std::vector<std::string>> FileWithSymbol(absl::string_view symbol) const;

 private:
  bool IsHidden(const google::protobuf::MethodDescriptor& method) const;
  bool IsHidden(const google::protobuf::ServiceDescriptor& service) const;
  bool IsHiddenSymbol(const google::protobuf::DescriptorPool& pool, const std::string& symbol) const;
  std::vector<std::string> WithImports(const google::protobuf::FileDescriptor* file) const;

  const std::shared_ptr<const CatalogueSnapshot> snapshot_;
  const ClientView view_;
  const std::vector<const google::protobuf::ServiceDescriptor*> own_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_REFLECTION_INDEX_H_
