#include "tools/author/proto_cpp.h"

#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "google/protobuf/descriptor.pb.h"

namespace paranet::cli {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// Words that a field or package may have as its name and a member or namespace may not.
constexpr std::array<absl::string_view, 95> kKeywords = {
    "alignas",     "alignof",      "and",          "and_eq",
    "asm",         "auto",         "bitand",       "bitor",
    "bool",        "break",        "case",         "catch",
    "char",        "char16_t",     "char32_t",     "char8_t",
    "class",       "co_await",     "co_return",    "co_yield",
    "compl",       "concept",      "const",        "const_cast",
    "consteval",   "constexpr",    "constinit",    "continue",
    "decltype",    "default",      "delete",       "do",
    "double",      "else",         "enum",         "explicit",
    "export",      "extern",       "false",        "float",
    "for",         "friend",       "goto",         "if",
    "inline",      "int",          "long",         "mutable",
    "namespace",   "new",          "noexcept",     "not",
    "not_eq",      "nullptr",      "operator",     "or",
    "or_eq",       "private",      "protected",    "public",
    "register",    "requires",     "return",       "short",
    "signed",      "sizeof",       "static",       "static_assert",
    "static_cast", "struct",       "switch",       "template",
    "this",        "thread_local", "throw",        "true",
    "try",         "typedef",      "typeid",       "typename",
    "union",       "unsigned",     "using",        "virtual",
    "void",        "volatile",     "wchar_t",      "while",
    "xor",         "xor_eq",       "dynamic_cast", "reinterpret_cast",
    "NULL",        "EOF",          "main"};

std::string Name(absl::string_view name) {
  return absl::c_linear_search(kKeywords, name) ? absl::StrCat(name, "_") : std::string(name);
}

std::string NamespaceOf(const pb::FileDescriptor& file) {
  std::vector<std::string> parts;
  if (!file.package().empty()) {
    for (const absl::string_view part : absl::StrSplit(file.package(), '.')) parts.push_back(Name(part));
  }
  return absl::StrJoin(parts, "::");
}

// `Outer_Inner`, of a message or an enum.
template <typename Descriptor>
std::string ShortName(const Descriptor& type) {
  return type.containing_type() == nullptr ? Name(type.name())
                                           : absl::StrCat(ShortName(*type.containing_type()), "_", type.name());
}
template <typename Descriptor>
std::string FullName(const Descriptor& type) {
  const std::string space = NamespaceOf(*type.file());
  return absl::StrCat(space.empty() ? "" : "::", space, "::", ShortName(type));
}

// A comment above something, from the .proto.
template <typename Descriptor>
std::string CommentOf(const Descriptor& descriptor, absl::string_view indent) {
  pb::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location) || location.leading_comments.empty()) return "";
  std::string comment;
  std::vector<std::string> lines = absl::StrSplit(location.leading_comments, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  // A backslash at the end would take the next line into the comment.
  for (const std::string& line : lines) {
    absl::StrAppend(&comment, indent, "//", absl::StrReplaceAll(line, {{"\\", "/"}}), "\n");
  }
  return comment;
}

// The type of one value.
std::string TypeOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "int32_t";
    case FieldDescriptor::CPPTYPE_INT64:
      return "int64_t";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "uint32_t";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "uint64_t";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "double";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "float";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "bool";
    case FieldDescriptor::CPPTYPE_ENUM:
      return FullName(*field.enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      return "std::string";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FullName(*field.message_type());
  }
  return "";
}

std::string MemberType(const FieldDescriptor& field) {
  if (field.is_map()) {
    const pb::Descriptor& entry = *field.message_type();
    return absl::StrCat("std::map<", TypeOf(*entry.map_key()), ", ", TypeOf(*entry.map_value()), ">");
  }
  if (field.is_repeated()) return absl::StrCat("std::vector<", TypeOf(field), ">");
  if (field.has_presence()) return absl::StrCat("std::optional<", TypeOf(field), ">");
  return TypeOf(field);
}

enum class Form { kScalar, kBytes, kMessage };
Form FormOf(const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return Form::kMessage;
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ? Form::kBytes : Form::kScalar;
}

absl::string_view WireOf(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
      return "kZigZag";
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT:
      return "kFixed32";
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE:
      return "kFixed64";
    default:
      return "kVarint";
  }
}

// The statement that writes one value.
std::string PutOne(const FieldDescriptor& field, absl::string_view value) {
  switch (FormOf(field)) {
    case Form::kBytes:
      return absl::StrCat("out.Bytes(", field.number(), ", ", value, ");");
    case Form::kMessage:
      return absl::StrCat("out.Sub(", field.number(), ", ", value, ");");
    case Form::kScalar:
      break;
  }
  return absl::StrCat("out.Scalar<::paranet::lite::Wire::", WireOf(field), ">(", field.number(), ", ", value, ");");
}

std::string EncodeField(const FieldDescriptor& field) {
  const std::string name = Name(field.name());
  if (field.is_map()) {
    return absl::StrCat("  for (const auto& [key, value] : ", name, ") out.Sub(", field.number(), ", ",
                        ShortName(*field.message_type()), "{key, value});\n");
  }
  if (field.is_repeated() && FormOf(field) == Form::kScalar) {
    return absl::StrCat("  out.Packed<::paranet::lite::Wire::", WireOf(field), ">(", field.number(), ", ", name,
                        ");\n");
  }
  if (field.is_repeated()) return absl::StrCat("  for (const auto& item : ", name, ") ", PutOne(field, "item"), "\n");
  if (field.has_presence()) {
    return absl::StrCat("  if (", name, ".has_value()) ", PutOne(field, absl::StrCat("*", name)), "\n");
  }
  const std::string is_set = FormOf(field) == Form::kBytes ? absl::StrCat("!", name, ".empty()")
                                                           : absl::StrCat(name, " != ", TypeOf(field), "{}");
  return absl::StrCat("  if (", is_set, ") ", PutOne(field, name), "\n");
}

std::string DecodeField(const FieldDescriptor& field) {
  const std::string name = Name(field.name());
  std::string read;
  if (field.is_map()) {
    read = absl::StrCat("in.MapEntry<", ShortName(*field.message_type()), ">(&", name, ")");
  } else if (FormOf(field) == Form::kBytes) {
    read = absl::StrCat("in.Bytes(&", name, ")");
  } else if (FormOf(field) == Form::kMessage) {
    read = absl::StrCat("in.Sub(&", name, ")");
  } else {
    read = absl::StrCat("in.", field.is_repeated() ? "Repeated" : "Scalar", "<::paranet::lite::Wire::", WireOf(field),
                        ">(&", name, ")");
  }
  std::string clear;
  // The last member of a oneof is the one that counts.
  if (const pb::OneofDescriptor* const oneof = field.real_containing_oneof(); oneof != nullptr) {
    for (int i = 0; i < oneof->field_count(); ++i) {
      if (oneof->field(i) != &field) absl::StrAppend(&clear, "      ", Name(oneof->field(i)->name()), ".reset();\n");
    }
  }
  return absl::StrCat("    case ", field.number(), ":\n", clear, "      return ", read, ";\n");
}

std::string StructOf(const pb::Descriptor& message) {
  std::string text = absl::StrCat(CommentOf(message, ""), "struct ", ShortName(message), " {\n");
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string type = message.options().map_entry() ? TypeOf(field) : MemberType(field);
    const bool plain = type == TypeOf(field) && FormOf(field) == Form::kScalar;
    absl::StrAppend(&text, CommentOf(field, "  "), "  ", type, " ", Name(field.name()), plain ? "{}" : "", ";\n");
  }
  absl::StrAppend(&text, "\n  inline void EncodeTo(::paranet::lite::Encoder& out) const;\n",
                  "  inline bool DecodeField(uint32_t number, ::paranet::lite::Decoder& in);\n};\n\n");
  return text;
}

// Its functions: behind all structs, because a vector of one that is only declared can be a member and no more.
std::string FunctionsOf(const pb::Descriptor& message) {
  std::string encode;
  std::string decode;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    // Both fields of a map's entry are always written.
    absl::StrAppend(&encode, message.options().map_entry() ? absl::StrCat("  ", PutOne(field, field.name()), "\n")
                                                           : EncodeField(field));
    absl::StrAppend(&decode, DecodeField(field));
  }
  return absl::StrCat("void ", ShortName(message),
                      "::EncodeTo([[maybe_unused]] ::paranet::lite::Encoder& out) const {\n", encode, "}\n\nbool ",
                      ShortName(message),
                      "::DecodeField(uint32_t number, ::paranet::lite::Decoder& in) {\n  switch (number) {\n", decode,
                      "    default:\n      return in.Skip();\n  }\n}\n\n");
}

std::string EnumOf(const pb::EnumDescriptor& type) {
  std::string text = absl::StrCat(CommentOf(type, ""), "enum class ", ShortName(type), " : int32_t {\n");
  for (int i = 0; i < type.value_count(); ++i) {
    absl::StrAppend(&text, CommentOf(*type.value(i), "  "), "  ", Name(type.value(i)->name()), " = ",
                    type.value(i)->number(), ",\n");
  }
  return absl::StrCat(text, "};\n\n");
}

std::string SkillSetOf(const pb::ServiceDescriptor& service) {
  const std::string name = Name(service.name());
  std::string text =
      absl::StrCat(CommentOf(service, ""), "class ", name, " {\n public:\n  virtual ~", name, "() = default;\n\n");
  std::string table;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    const std::string in = FullName(*method.input_type());
    const std::string out = FullName(*method.output_type());
    const std::string takes = method.client_streaming() ? absl::StrCat("::paranet::lite::Reader<", in, ">& requests")
                                                        : absl::StrCat("const ", in, "& request");
    const std::string gives =
        method.server_streaming() ? absl::StrCat(", ::paranet::lite::Writer<", out, ">& responses") : std::string();
    const std::string result = method.server_streaming() ? std::string("::paranet::lite::Status")
                                                         : absl::StrCat("::paranet::lite::Result<", out, ">");
    absl::StrAppend(&text, CommentOf(method, "  "), "  virtual ", result, " ", Name(method.name()), "(", takes, gives,
                    ", ::paranet::lite::Call& call) = 0;\n\n");
    const bool unary = !method.client_streaming() && !method.server_streaming();
    const absl::string_view serve = unary                        ? "ServeUnary"
                                    : !method.client_streaming() ? "ServeServerStream"
                                    : method.server_streaming()  ? "ServeBidiStream"
                                                                 : "ServeClientStream";
    const std::string handler = absl::StrCat("&", name, "::", Name(method.name()));
    absl::StrAppend(
        &table, "        {\"/", service.full_name(), "/", method.name(), "\", ",
        (method.client_streaming() ? 1 : 0) | (method.server_streaming() ? 2 : 0), ", ",
        unary ? absl::StrCat("[](", name,
                             "& set, ::paranet::lite::Call& call, paranet_bytes request) { ::paranet::lite::", serve,
                             "(set, ", handler, ", call, request); }, nullptr},\n")
              : absl::StrCat("nullptr, [](", name, "& set, ::paranet::lite::Call& call) { ::paranet::lite::", serve,
                             "(set, ", handler, ", call); }},\n"));
  }
  absl::StrAppend(&text, "  static const std::vector<::paranet::lite::Method<", name,
                  ">>& Methods() {\n    static const std::vector<::paranet::lite::Method<", name, ">> kMethods = {\n",
                  table, "    };\n    return kMethods;\n  }\n};\n\n");
  return text;
}

// The messages and enums of one header, each behind those that it has by value.
class Types {
 public:
  absl::Status Add(const pb::Descriptor& message) {
    if (done_.count(&message) != 0) return absl::OkStatus();
    if (message.file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3) {
      return absl::InvalidArgumentError(absl::StrCat(message.file()->name(), ": ", message.full_name(),
                                                     " is not of proto3, which C++ without protobuf ",
                                                     "needs; write syntax = \"proto3\"; at the top of the file"));
    }
    if (!under_way_.insert(&message).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(message.file()->name(), ": ", message.full_name(),
                       " contains itself, which C++ without protobuf takes in repeated fields only; make it repeated"));
    }
    std::vector<const pb::Descriptor*> later;
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (field.enum_type() != nullptr) Add(*field.enum_type());
      if (field.message_type() == nullptr) continue;
      const bool by_reference = field.is_repeated() && !field.is_map();
      if (by_reference) {
        later.push_back(field.message_type());
      } else {
        PARANET_RETURN_IF_ERROR(Add(*field.message_type()));
      }
    }
    under_way_.erase(&message);
    done_.insert(&message);
    messages_.push_back(&message);
    for (const pb::Descriptor* const type : later) {
      // A vector takes a type that is only declared; its members are used in functions that come behind all of them.
      if (under_way_.count(type) == 0) PARANET_RETURN_IF_ERROR(Add(*type));
    }
    return absl::OkStatus();
  }
  void Add(const pb::EnumDescriptor& type) {
    if (seen_enums_.insert(&type).second) enums_.push_back(&type);
  }

  const std::vector<const pb::Descriptor*>& messages() const { return messages_; }
  const std::vector<const pb::EnumDescriptor*>& enums() const { return enums_; }

 private:
  std::set<const pb::Descriptor*> under_way_;
  std::set<const pb::Descriptor*> done_;
  std::vector<const pb::Descriptor*> messages_;
  std::set<const pb::EnumDescriptor*> seen_enums_;
  std::vector<const pb::EnumDescriptor*> enums_;
};

absl::Status AddNested(const pb::Descriptor& message, Types* types) {
  if (!message.options().map_entry()) PARANET_RETURN_IF_ERROR(types->Add(message));
  for (int i = 0; i < message.enum_type_count(); ++i) types->Add(*message.enum_type(i));
  for (int i = 0; i < message.nested_type_count(); ++i) {
    PARANET_RETURN_IF_ERROR(AddNested(*message.nested_type(i), types));
  }
  return absl::OkStatus();
}

std::string InNamespace(const pb::FileDescriptor& file, const std::string& text) {
  const std::string space = NamespaceOf(file);
  if (space.empty()) return text;
  return absl::StrCat("namespace ", space, " {\n", text, "}  // namespace ", space, "\n\n");
}

}  // namespace

absl::StatusOr<std::string> GenerateCpp(const pb::FileDescriptor& file, const std::string& guard) {
  Types types;
  for (int i = 0; i < file.enum_type_count(); ++i) types.Add(*file.enum_type(i));
  for (int i = 0; i < file.message_type_count(); ++i) PARANET_RETURN_IF_ERROR(AddNested(*file.message_type(i), &types));
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      PARANET_RETURN_IF_ERROR(types.Add(*file.service(i)->method(j)->input_type()));
      PARANET_RETURN_IF_ERROR(types.Add(*file.service(i)->method(j)->output_type()));
    }
  }
  std::string text = absl::StrCat("// Made from ", file.name(), " by `paranet package proto`; do not edit.\n#ifndef ",
                                  guard, "\n#define ", guard, "\n\n#include <cstdint>\n#include <map>\n",
                                  "#include <optional>\n#include <string>\n#include <vector>\n\n",
                                  "#include \"core/actor/lite.h\"\n\n");
  for (const pb::EnumDescriptor* const type : types.enums()) {
    absl::StrAppend(&text, InNamespace(*type->file(), EnumOf(*type)));
  }
  for (const pb::Descriptor* const message : types.messages()) {
    absl::StrAppend(&text, InNamespace(*message->file(), absl::StrCat("struct ", ShortName(*message), ";\n")));
  }
  for (const pb::Descriptor* const message : types.messages()) {
    absl::StrAppend(&text, InNamespace(*message->file(), StructOf(*message)));
  }
  for (const pb::Descriptor* const message : types.messages()) {
    absl::StrAppend(&text, InNamespace(*message->file(), FunctionsOf(*message)));
  }
  std::string sets;
  for (int i = 0; i < file.service_count(); ++i) absl::StrAppend(&sets, SkillSetOf(*file.service(i)));
  absl::StrAppend(&text, InNamespace(file, sets), "#endif  // ", guard, "\n");
  return text;
}

}  // namespace paranet::cli
