#include "core/skill/json.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/skill/json_to_message.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/util/json_util.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

using pb::FieldDescriptor;

// Writes an example of a message. Types may use each other in cycles and grow without bound: what is within itself, too
// deep or too much is left out.
class ExampleWriter {
 public:
  std::string Write(const pb::Descriptor& type) {
    Message(type);
    return std::move(out_);
  }

 private:
  static constexpr size_t kMaxDepth = 8;
  static constexpr size_t kMaxBytes = 16'384;

  bool Fits(const FieldDescriptor& field) const {
    if (out_.size() > kMaxBytes) return false;
    const FieldDescriptor& value = field.is_map() ? *field.message_type()->map_value() : field;
    if (value.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
    if (value.message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY) return false;
    if (open_.size() >= kMaxDepth) return false;
    for (const pb::Descriptor* type : open_) {
      if (type == value.message_type()) return false;
    }
    return true;
  }

  void Message(const pb::Descriptor& type) {
    switch (type.well_known_type()) {
      case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
        return Fields(type);
      case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        return Put("\"2026-01-31T12:00:00Z\"");
      case pb::Descriptor::WELLKNOWNTYPE_DURATION:
        return Put("\"1.5s\"");
      case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
        return Put("\"name\"");
      case pb::Descriptor::WELLKNOWNTYPE_VALUE:
        return Put("\"value\"");
      case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
        return Put("[\"value\"]");
      case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
        return Put("{\"name\":\"value\"}");
      case pb::Descriptor::WELLKNOWNTYPE_ANY:
        return Put("{}");
      default:
        return Value(*type.FindFieldByNumber(1));
    }
  }

  void Fields(const pb::Descriptor& type) {
    open_.push_back(&type);
    Put("{");
    absl::string_view comma;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const pb::OneofDescriptor* oneof = field.real_containing_oneof();
      if (!Fits(field) || (oneof != nullptr && oneof->field(0) != &field)) continue;
      absl::StrAppend(&out_, comma, "\"", field.name(), "\":");
      comma = ",";
      Field(field);
    }
    Put("}");
    open_.pop_back();
  }

  void Field(const FieldDescriptor& field) {
    if (field.is_map()) {
      Put("{");
      const FieldDescriptor& key = *field.message_type()->map_key();
      const bool quoted = key.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      if (!quoted) Put("\"");
      Value(key);
      Put(quoted ? ":" : "\":");
      Value(*field.message_type()->map_value());
      Put("}");
    } else if (field.is_repeated()) {
      Put("[");
      Value(field);
      Put("]");
    } else {
      Value(field);
    }
  }

  void Value(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Message(*field.message_type());
      case FieldDescriptor::CPPTYPE_ENUM: {
        // The first says "unspecified" as a rule.
        const pb::EnumDescriptor& type = *field.enum_type();
        absl::StrAppend(&out_, "\"", type.value(type.value_count() > 1 ? 1 : 0)->name(), "\"");
        return;
      }
      case FieldDescriptor::CPPTYPE_STRING:
        return Put(field.type() == FieldDescriptor::TYPE_BYTES ? "\"Ynl0ZXM=\"" : "\"text\"");
      case FieldDescriptor::CPPTYPE_BOOL:
        return Put("true");
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Put("1.5");
      default:
        return Put("1");
    }
  }

  void Put(absl::string_view text) { absl::StrAppend(&out_, text); }

  std::string out_;
  // The messages around what is being written.
  std::vector<const pb::Descriptor*> open_;
};

// Writes definitions in .proto syntax, with type names relative to one package.
class SchemaWriter {
 public:
  explicit SchemaWriter(const pb::Descriptor& type) : package_(type.file()->package()) {
    const pb::Descriptor& outermost = OutermostOf(type);
    seen_.insert(&outermost);
    needed_.push_back({.message = &outermost});
  }

  std::string Write() {
    while (!needed_.empty() && out_.size() < kMaxBytes) {
      const Definition definition = needed_.front();
      needed_.pop_front();
      if (!out_.empty()) out_ += "\n";
      if (definition.message != nullptr) {
        Message(*definition.message, "");
      } else {
        Enum(*definition.enumeration, "");
      }
    }
    return std::move(out_);
  }

 private:
  static constexpr size_t kMaxBytes = 256 * 1024;

  struct Definition {
    const pb::Descriptor* message = nullptr;
    const pb::EnumDescriptor* enumeration = nullptr;
  };

  static const pb::Descriptor& OutermostOf(const pb::Descriptor& type) {
    return type.containing_type() == nullptr ? type : OutermostOf(*type.containing_type());
  }

  void Need(const pb::Descriptor& type) {
    // Everybody knows these.
    if (type.file()->package() == "google.protobuf") return;
    if (seen_.insert(&type).second) needed_.push_back({.message = &type});
  }

  std::string TypeName(const FieldDescriptor& field) {
    std::string name;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Need(OutermostOf(*field.message_type()));
      name = field.message_type()->full_name();
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const pb::EnumDescriptor& type = *field.enum_type();
      if (type.containing_type() != nullptr) {
        Need(OutermostOf(*type.containing_type()));
      } else if (type.file()->package() != "google.protobuf" && seen_.insert(&type).second) {
        needed_.push_back({.enumeration = &type});
      }
      name = type.full_name();
    } else {
      return field.type_name();
    }
    const std::string prefix = package_ + ".";
    return !package_.empty() && name.compare(0, prefix.size(), prefix) == 0 ? name.substr(prefix.size()) : name;
  }

  void Field(const FieldDescriptor& field, const std::string& indent) {
    absl::StrAppend(&out_, indent);
    if (field.is_map()) {
      absl::StrAppend(&out_, "map<", TypeName(*field.message_type()->map_key()), ", ",
                      TypeName(*field.message_type()->map_value()), ">");
    } else {
      const char* label = field.is_repeated()   ? "repeated "
                          : field.is_required() ? "required "
                          : field.has_presence() && field.real_containing_oneof() == nullptr &&
                                  field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE
                              ? "optional "
                              : "";
      absl::StrAppend(&out_, label, TypeName(field));
    }
    absl::StrAppend(&out_, " ", field.name(), " = ", field.number(), ";\n");
  }

  // Recursion is bounded by the depth of nesting that protobuf parses.
  void Message(const pb::Descriptor& type, const std::string& indent) {
    absl::StrAppend(&out_, indent, "message ", type.name(), " {\n");
    const std::string inner = indent + "  ";
    for (int i = 0; i < type.enum_type_count(); ++i) Enum(*type.enum_type(i), inner);
    for (int i = 0; i < type.nested_type_count(); ++i) {
      if (!type.nested_type(i)->options().map_entry()) Message(*type.nested_type(i), inner);
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const pb::OneofDescriptor* oneof = field.real_containing_oneof();
      if (oneof == nullptr) {
        Field(field, inner);
      } else if (oneof->field(0) == &field) {
        absl::StrAppend(&out_, inner, "oneof ", oneof->name(), " {\n");
        for (int j = 0; j < oneof->field_count(); ++j) Field(*oneof->field(j), inner + "  ");
        absl::StrAppend(&out_, inner, "}\n");
      }
    }
    absl::StrAppend(&out_, indent, "}\n");
  }

  void Enum(const pb::EnumDescriptor& type, const std::string& indent) {
    absl::StrAppend(&out_, indent, "enum ", type.name(), " {\n");
    for (int i = 0; i < type.value_count(); ++i) {
      absl::StrAppend(&out_, indent, "  ", type.value(i)->name(), " = ", type.value(i)->number(), ";\n");
    }
    absl::StrAppend(&out_, indent, "}\n");
  }

  const std::string package_;
  std::string out_;
  std::deque<Definition> needed_;
  absl::flat_hash_set<const void*> seen_;
};

std::unique_ptr<pb::Message> NewMessage(const Skill& skill, const pb::Descriptor* type) {
  return std::unique_ptr<pb::Message>(skill.set->messages().GetPrototype(type)->New());
}

}  // namespace

absl::StatusOr<Payload> RequestFromJson(const Skill& skill, absl::string_view json) {
  const std::unique_ptr<pb::Message> request = NewMessage(skill, skill.method->input_type());
  PARANET_RETURN_IF_ERROR(JsonToMessage(json, request.get()));
  return MakePayload(request->SerializePartialAsString());
}

absl::StatusOr<std::string> ResponseToJson(const Skill& skill, const Payload& payload) {
  const pb::Descriptor* type = skill.method->output_type();
  const std::unique_ptr<pb::Message> response = NewMessage(skill, type);
  if (!response->ParsePartialFromString(PayloadToString(payload)) || !response->IsInitialized()) {
    return absl::DataLossError(absl::StrCat("the response of ", skill.id.ToString(), " is no ", type->full_name()));
  }
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  if (const auto status = pb::util::MessageToJsonString(*response, &json, options); !status.ok()) {
    return absl::DataLossError(absl::StrCat("the response of ", skill.id.ToString(), " has no JSON form: ",
                                            absl::string_view(status.message().data(), status.message().size())));
  }
  return json;
}

std::string ExampleRequestJson(const Skill& skill) { return ExampleWriter().Write(*skill.method->input_type()); }

std::string SchemaText(const pb::Descriptor& type) { return SchemaWriter(type).Write(); }

}  // namespace paranet
