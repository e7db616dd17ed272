#include "core/skill/file_set.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/api.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/source_context.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/type.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "paranet/v1/options.pb.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

// A name from a foreign set, fit for a terminal and not too long.
std::string Shown(absl::string_view name) { return absl::Utf8SafeCHexEscape(name.substr(0, 200)); }

// This program's own copy of a file that every set may use; null for any other name.
const pb::FileDescriptor* FindSupplied(absl::string_view name) {
  // Named one by one, because a linker drops those of which nothing is used.
  for (const pb::FileDescriptor* file :
       {pb::Any::descriptor()->file(), pb::Api::descriptor()->file(), pb::FileDescriptorProto::descriptor()->file(),
        pb::Duration::descriptor()->file(), pb::Empty::descriptor()->file(), pb::FieldMask::descriptor()->file(),
        pb::SourceContext::descriptor()->file(), pb::Struct::descriptor()->file(), pb::Timestamp::descriptor()->file(),
        pb::Type::descriptor()->file(), pb::StringValue::descriptor()->file(),
        v1::SkillSetOptions::descriptor()->file()}) {
    if (file->name() == name) return file;
  }
  return nullptr;
}

// Walks through a file's definitions and refuses what breaks a limit.
class LimitChecker {
 public:
  absl::Status CheckFile(const pb::FileDescriptorProto& file) {
    const absl::Status status = CheckDefinitions(file);
    return Annotate(status, absl::StrCat("file ", Shown(file.name())));
  }

 private:
  absl::Status CheckDefinitions(const pb::FileDescriptorProto& file) {
    const std::string& scope = file.package();
    PARANET_RETURN_IF_ERROR(CheckFields(scope, file.extension(), file.extension_size()));
    for (const pb::DescriptorProto& message : file.message_type()) {
      PARANET_RETURN_IF_ERROR(CheckMessage(scope, message));
    }
    for (const pb::EnumDescriptorProto& enumeration : file.enum_type()) {
      PARANET_RETURN_IF_ERROR(CheckEnum(scope, enumeration));
    }
    for (const pb::ServiceDescriptorProto& service : file.service()) {
      PARANET_RETURN_IF_ERROR(CheckName(scope, service.name()));
      const std::string inner = Join(scope, service.name());
      if (service.method_size() > FileSetLimits::kMethods) {
        return absl::InvalidArgumentError(
            absl::StrCat("service ", Shown(inner), " has more than ", FileSetLimits::kMethods, " methods"));
      }
      for (const pb::MethodDescriptorProto& method : service.method()) {
        PARANET_RETURN_IF_ERROR(CheckName(inner, method.name()));
      }
    }
    return absl::OkStatus();
  }

  // Recursion is bounded by protobuf's own limit when it parsed the set.
  absl::Status CheckMessage(const std::string& scope, const pb::DescriptorProto& message) {
    PARANET_RETURN_IF_ERROR(CheckName(scope, message.name()));
    const std::string inner = Join(scope, message.name());
    if (++messages_ > FileSetLimits::kMessages) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", FileSetLimits::kMessages, " messages in all"));
    }
    if (message.reserved_range_size() + message.reserved_name_size() + message.extension_range_size() >
        FileSetLimits::kRanges) {
      return absl::InvalidArgumentError(absl::StrCat("message ", Shown(inner), " has more than ",
                                                     FileSetLimits::kRanges, " reserved and extension ranges"));
    }
    PARANET_RETURN_IF_ERROR(CheckFields(inner, message.field(), message.field_size() + message.extension_size()));
    PARANET_RETURN_IF_ERROR(CheckFields(inner, message.extension(), message.extension_size()));
    for (const pb::OneofDescriptorProto& oneof : message.oneof_decl()) {
      PARANET_RETURN_IF_ERROR(CheckName(inner, oneof.name()));
    }
    for (const pb::EnumDescriptorProto& enumeration : message.enum_type()) {
      PARANET_RETURN_IF_ERROR(CheckEnum(inner, enumeration));
    }
    for (const pb::DescriptorProto& nested : message.nested_type()) {
      PARANET_RETURN_IF_ERROR(CheckMessage(inner, nested));
    }
    return absl::OkStatus();
  }

  absl::Status CheckFields(const std::string& scope, const pb::RepeatedPtrField<pb::FieldDescriptorProto>& fields,
                           int count) {
    if (count > FileSetLimits::kFields) {
      return absl::InvalidArgumentError(
          absl::StrCat(Shown(scope), " has more than ", FileSetLimits::kFields, " fields"));
    }
    for (const pb::FieldDescriptorProto& field : fields) PARANET_RETURN_IF_ERROR(CheckName(scope, field.name()));
    return absl::OkStatus();
  }

  absl::Status CheckEnum(const std::string& scope, const pb::EnumDescriptorProto& enumeration) {
    PARANET_RETURN_IF_ERROR(CheckName(scope, enumeration.name()));
    if (enumeration.reserved_range_size() + enumeration.reserved_name_size() > FileSetLimits::kRanges) {
      return absl::InvalidArgumentError(absl::StrCat("enum ", Shown(Join(scope, enumeration.name())), " has more than ",
                                                     FileSetLimits::kRanges, " reserved ranges"));
    }
    for (const pb::EnumValueDescriptorProto& value : enumeration.value()) {
      PARANET_RETURN_IF_ERROR(CheckName(scope, value.name()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckName(const std::string& scope, const std::string& name) {
    name_bytes_ += scope.size() + 1 + name.size();
    if (name_bytes_ > FileSetLimits::kNameBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("the full names are longer than ", FileSetLimits::kNameBytes, " bytes together"));
    }
    // Code that knows the well-known types trusts their shape.
    if (scope == "google.protobuf") {
      return absl::InvalidArgumentError(
          absl::StrCat("defines google.protobuf.", Shown(name), ", but that package is protobuf's own"));
    }
    return absl::OkStatus();
  }

  static std::string Join(const std::string& scope, const std::string& name) {
    return scope.empty() ? name : absl::StrCat(scope, ".", name);
  }

  int messages_ = 0;
  size_t name_bytes_ = 0;
};

// Collects files, imports first.
class Collector {
 public:
  explicit Collector(pb::FileDescriptorSet* files) {
    for (pb::FileDescriptorProto& file : *files->mutable_file()) {
      Node& node = nodes_[file.name()];
      duplicate_ = node.file != nullptr && duplicate_.empty() ? file.name() : duplicate_;
      node.file = &file;
    }
  }

  // The name of a file that the set has twice; empty if there is none.
  const std::string& duplicate() const { return duplicate_; }

  // Recursion is bounded by FileSetLimits::kFiles.
  absl::Status Add(const std::string& name, const std::string& importer) {
    Node& node = nodes_[name];
    if (node.state == State::kDone) return absl::OkStatus();
    if (node.state == State::kOpen) {
      return absl::InvalidArgumentError(
          absl::StrCat("file ", Shown(name), " imports itself, by way of ", Shown(importer)));
    }
    node.state = State::kOpen;
    pb::FileDescriptorProto supplied;
    pb::FileDescriptorProto* file = node.file;
    if (const pb::FileDescriptor* own = FindSupplied(name)) {
      own->CopyTo(&supplied);
      own->CopyJsonNameTo(&supplied);
      file = &supplied;
    } else if (file == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("file ", Shown(importer), " imports ", Shown(name),
                                                     ", which is missing: build the set with --include_imports"));
    } else {
      PARANET_RETURN_IF_ERROR(limits_.CheckFile(*file));
    }
    for (const std::string& import : file->dependency()) PARANET_RETURN_IF_ERROR(Add(import, name));
    file->clear_source_code_info();
    sorted_.add_file()->Swap(file);
    // The map has moved where the recursion has added to it.
    nodes_[name].state = State::kDone;
    return absl::OkStatus();
  }

  pb::FileDescriptorSet Take() { return std::move(sorted_); }

 private:
  enum class State { kNew, kOpen, kDone };
  struct Node {
    pb::FileDescriptorProto* file = nullptr;
    State state = State::kNew;
  };

  absl::flat_hash_map<std::string, Node> nodes_;
  std::string duplicate_;
  LimitChecker limits_;
  pb::FileDescriptorSet sorted_;
};

// The file with `service` in it; null, with the names of all services in `others`, if there is none.
const pb::FileDescriptorProto* FindService(const pb::FileDescriptorSet& files, absl::string_view service,
                                           std::vector<std::string>* others) {
  for (const pb::FileDescriptorProto& file : files.file()) {
    for (const pb::ServiceDescriptorProto& candidate : file.service()) {
      const bool fits = file.package().empty()
                            ? service == candidate.name()
                            : service.size() == file.package().size() + 1 + candidate.name().size() &&
                                  absl::StartsWith(service, file.package()) && service[file.package().size()] == '.' &&
                                  absl::EndsWith(service, candidate.name());
      if (fits) return &file;
      // Enough for "did you mean".
      if (others->size() < 100 && file.package().size() + candidate.name().size() < 500) {
        others->push_back(Shown(absl::StrCat(file.package(), file.package().empty() ? "" : ".", candidate.name())));
      }
    }
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<pb::FileDescriptorSet> FilesOfService(absl::string_view descriptors, absl::string_view service) {
  if (descriptors.size() > FileSetLimits::kBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the descriptor set has ", descriptors.size(), " bytes; at most ", FileSetLimits::kBytes));
  }
  pb::FileDescriptorSet files;
  if (!files.ParseFromArray(descriptors.data(), static_cast<int>(descriptors.size()))) {
    return absl::InvalidArgumentError(
        "the descriptors are no google.protobuf.FileDescriptorSet: make them with protoc --descriptor_set_out");
  }
  if (files.file_size() > FileSetLimits::kFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat("the descriptor set has more than ", FileSetLimits::kFiles, " files"));
  }
  std::vector<std::string> others;
  const pb::FileDescriptorProto* file = FindService(files, service, &others);
  if (file == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the descriptor set has no service ", Shown(service), ".", DidYouMean(service, others)));
  }
  const std::string name = file->name();
  Collector collector(&files);
  if (!collector.duplicate().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the descriptor set has file ", Shown(collector.duplicate()), " twice"));
  }
  PARANET_RETURN_IF_ERROR(collector.Add(name, name));
  return collector.Take();
}

}  // namespace paranet
