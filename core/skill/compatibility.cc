#include "core/skill/compatibility.h"

#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace paranet {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

// Of what one error names: gRPC refuses trailers of more than 8 KiB, and percent-encodes some of it.
constexpr size_t kMaxListed = 4096;

std::string ShapeName(SkillShape shape) {
  switch (shape) {
    case SkillShape::kUnary:
      return "unary";
    case SkillShape::kClientStream:
      return "client streaming";
    case SkillShape::kServerStream:
      return "server streaming";
    case SkillShape::kBidiStream:
      return "bidirectional streaming";
  }
  return "unknown";
}

std::string LabelName(const FieldDescriptor& field) {
  if (field.is_repeated()) return "repeated";
  return field.is_required() ? "required" : "single";
}

std::string TypeName(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return std::string(field.message_type()->full_name());
  if (field.enum_type() != nullptr) return std::string(field.enum_type()->full_name());
  return field.type_name();
}

std::string OneofName(const OneofDescriptor* oneof) {
  return oneof == nullptr ? "no oneof" : absl::StrCat("oneof ", oneof->name());
}

class Comparison {
 public:
  std::vector<std::string> Run(const SkillSet& before, const SkillSet& after) {
    if (after.is_private() && !before.is_private()) Add("skill set ", before.name(), " became private");
    for (const Skill& skill : before.skills()) {
      const Skill* found = nullptr;
      for (const Skill& other : after.skills()) {
        if (other.method->name() == skill.method->name()) found = &other;
      }
      if (found == nullptr) {
        Add("method ", skill.method->full_name(), " was removed");
      } else {
        CompareSkill(skill, *found);
      }
    }
    return std::move(changes_);
  }

 private:
  template <typename... Parts>
  void Add(const Parts&... parts) {
    changes_.push_back(absl::StrCat(parts...));
  }

  void CompareSkill(const Skill& before, const Skill& after) {
    const std::string name = absl::StrCat("method ", before.method->full_name());
    if (before.shape != after.shape) {
      Add(name, " was ", ShapeName(before.shape), " and is ", ShapeName(after.shape));
    }
    if (before.id != after.id) Add(name, " was skill ", before.id.ToString(), " and is ", after.id.ToString());
    if (before.idempotent && !after.idempotent) Add(name, " is no longer idempotent");
    // Where the whole set became private, that says it.
    if (after.is_private && !before.is_private && !after.set->is_private()) Add(name, " became private");
    ComparePart(name, "request", *before.method->input_type(), *after.method->input_type());
    ComparePart(name, "response", *before.method->output_type(), *after.method->output_type());
  }

  void ComparePart(const std::string& method, absl::string_view part, const Descriptor& before,
                   const Descriptor& after) {
    if (before.full_name() != after.full_name()) {
      Add(method, " has ", part, " type ", after.full_name(), " in the place of ", before.full_name());
    } else {
      CompareMessage(before, after);
    }
  }

  // Of the same full name.
  void CompareMessage(const Descriptor& before, const Descriptor& after) {
    if (!seen_.insert(std::string(before.full_name())).second) return;
    for (int i = 0; i < before.field_count(); ++i) {
      const FieldDescriptor& field = *before.field(i);
      if (const FieldDescriptor* same = after.FindFieldByNumber(field.number())) {
        CompareField(field, *same);
      } else if (const FieldDescriptor* moved = after.FindFieldByName(field.name())) {
        Add("field ", field.full_name(), " has number ", moved->number(), " in the place of ", field.number());
      } else {
        Add("field ", field.full_name(), " (", field.number(), ") was removed");
      }
    }
    for (int i = 0; i < after.field_count(); ++i) {
      const FieldDescriptor& field = *after.field(i);
      if (field.is_required() && before.FindFieldByNumber(field.number()) == nullptr) {
        Add("field ", field.full_name(), " (", field.number(), ") is new and required");
      }
    }
  }

  // Of the same number.
  void CompareField(const FieldDescriptor& before, const FieldDescriptor& after) {
    const std::string name = absl::StrCat("field ", before.full_name());
    if (before.name() != after.name()) {
      Add(name, " (", before.number(), ") is now called ", after.name());
    } else if (before.json_name() != after.json_name()) {
      Add(name, " has JSON name ", after.json_name(), " in the place of ", before.json_name());
    }
    if (LabelName(before) != LabelName(after)) Add(name, " was ", LabelName(before), " and is ", LabelName(after));
    const OneofDescriptor* const oneof_before = before.real_containing_oneof();
    const OneofDescriptor* const oneof_after = after.real_containing_oneof();
    if (OneofName(oneof_before) != OneofName(oneof_after)) {
      Add(name, " was in ", OneofName(oneof_before), " and is in ", OneofName(oneof_after));
    }
    if (before.type() != after.type() || TypeName(before) != TypeName(after)) {
      Add(name, " was of type ", TypeName(before), " and is of type ", TypeName(after));
    } else if (before.message_type() != nullptr) {
      CompareMessage(*before.message_type(), *after.message_type());
    } else if (before.enum_type() != nullptr) {
      CompareEnum(*before.enum_type(), *after.enum_type());
    }
  }

  // Of the same full name.
  void CompareEnum(const EnumDescriptor& before, const EnumDescriptor& after) {
    if (!seen_.insert(std::string(before.full_name())).second) return;
    for (int i = 0; i < before.value_count(); ++i) {
      const EnumValueDescriptor& value = *before.value(i);
      const std::string name = absl::StrCat("value ", before.full_name(), ".", value.name());
      const EnumValueDescriptor* const same = after.FindValueByName(value.name());
      if (same == nullptr) {
        Add(name, " (", value.number(), ") was removed");
      } else if (same->number() != value.number()) {
        Add(name, " has number ", same->number(), " in the place of ", value.number());
      }
    }
  }

  std::vector<std::string> changes_;
  // Full names of the messages and enums compared already.
  std::set<std::string> seen_;
};

}  // namespace

std::vector<std::string> BreakingChanges(const SkillSet& before, const SkillSet& after) {
  return Comparison().Run(before, after);
}

absl::Status CheckCompatible(const SkillSet& before, const SkillSet& after) {
  if (before.version().major() != after.version().major() || before.version().major() == 0) return absl::OkStatus();
  const std::vector<std::string> changes = BreakingChanges(before, after);
  if (changes.empty()) return absl::OkStatus();
  std::string list;
  size_t listed = 0;
  for (const std::string& change : changes) {
    if (listed > 0 && list.size() + change.size() > kMaxListed) break;
    absl::StrAppend(&list, listed > 0 ? "; " : "", change);
    ++listed;
  }
  if (listed < changes.size()) absl::StrAppend(&list, "; and ", changes.size() - listed, " more");
  return absl::FailedPreconditionError(
      absl::StrCat("skill set ", after.name(), " ", after.version().ToString(), " breaks ", before.version().ToString(),
                   ": ", list, ". Raise its major version to ", after.version().major() + 1,
                   ".0.0, or keep what callers of ", before.version().ToString(), " rely on"));
}

}  // namespace paranet
