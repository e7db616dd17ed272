#include "core/skill/json_to_message.h"

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/skill/json_reader.h"
#include "core/skill/json_scalar.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/util/time_util.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

using Kind = JsonReader::Kind;
using pb::FieldDescriptor;

constexpr size_t kMaxMemory = size_t{64} << 20;
// What protobuf's specification of Duration allows: 10,000 years.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;

class Converter {
 public:
  explicit Converter(JsonReader reader) : reader_(reader) {}

  absl::Status Convert(pb::Message* message) {
    PARANET_RETURN_IF_ERROR(ReadMessage(message));
    PARANET_RETURN_IF_ERROR(reader_.Finish());
    std::vector<std::string> missing;
    if (!message->IsInitialized()) message->FindInitializationErrors(&missing);
    if (missing.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("field \"", missing[0], "\" is required"));
  }

 private:
  // Appends to the path while it lives.
  class Step {
   public:
    Step(Converter* converter, absl::string_view step) : converter_(converter), length_(converter->path_.size()) {
      absl::StrAppend(&converter->path_, step);
    }
    ~Step() { converter_->path_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Converter* const converter_;
    const size_t length_;
  };

  std::string Dotted(absl::string_view name) const {
    return absl::StrCat(path_.empty() ? "" : ".", absl::Utf8SafeCHexEscape(name.substr(0, 100)));
  }

  std::string Where() const { return path_.empty() ? "the request" : absl::StrCat("field \"", path_, "\""); }

  // The value that `at` stands before is not what it must be; or what follows there is no JSON.
  absl::Status Mismatch(JsonReader at, absl::string_view expected, absl::string_view hint = "") const {
    constexpr size_t kMost = 60;
    PARANET_ASSIGN_OR_RETURN(const absl::string_view value, at.ReadAny());
    return absl::InvalidArgumentError(absl::StrCat(Where(), " must be ", expected, ", but is ", value.substr(0, kMost),
                                                   value.size() > kMost ? "..." : "", hint));
  }

  absl::Status Charge(size_t bytes) {
    memory_ += bytes;
    if (memory_ <= kMaxMemory) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the request takes more than ", kMaxMemory >> 20, " MiB of memory: send less at a time"));
  }

  absl::Status ReadMessage(pb::Message* message) {
    PARANET_RETURN_IF_ERROR(Charge(message->SpaceUsedLong()));
    const pb::Descriptor& type = *message->GetDescriptor();
    switch (type.well_known_type()) {
      case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
        return ReadFields(message, /*in_any=*/false);
      case pb::Descriptor::WELLKNOWNTYPE_ANY:
        return ReadAnyMessage(message);
      case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        return ReadFromString<pb::Timestamp>(
            message, "a time such as \"2026-01-31T12:00:00Z\" (google.protobuf.Timestamp)",
            [](const std::string& text, pb::Timestamp* time) { return pb::util::TimeUtil::FromString(text, time); });
      case pb::Descriptor::WELLKNOWNTYPE_DURATION:
        return ReadFromString<pb::Duration>(message, "a duration such as \"1.5s\" (google.protobuf.Duration)",
                                            [](const std::string& text, pb::Duration* duration) {
                                              return text.find_first_not_of("0123456789.-s") == std::string::npos &&
                                                     pb::util::TimeUtil::FromString(text, duration) &&
                                                     duration->seconds() <= kMaxDurationSeconds &&
                                                     duration->seconds() >= -kMaxDurationSeconds;
                                            });
      case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
        return ReadFromString<pb::FieldMask>(
            message, "names with commas between them, such as \"a,b.c\" (google.protobuf.FieldMask)",
            [](const std::string& text, pb::FieldMask* mask) {
              return pb::util::FieldMaskUtil::FromJsonString(text, mask);
            });
      case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
        return ReadStructured<pb::Struct>(message, Kind::kObject, "an object (google.protobuf.Struct)");
      case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
        return ReadStructured<pb::ListValue>(message, Kind::kArray, "an array (google.protobuf.ListValue)");
      case pb::Descriptor::WELLKNOWNTYPE_VALUE: {
        pb::Value value;
        PARANET_RETURN_IF_ERROR(ReadValue(&value));
        return Copy(value, message);
      }
      default:
        // The wrappers: one field, whose value stands for the message.
        return ReadValueOf(FieldSlot(message, type.FindFieldByNumber(1)));
    }
  }

  absl::Status Copy(const pb::Message& from, pb::Message* to) const {
    if (to->ParsePartialFromString(from.SerializePartialAsString())) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(Where(), " is nested too deeply for protobuf"));
  }

  template <typename T, typename Parse>
  absl::Status ReadFromString(pb::Message* message, absl::string_view expected, Parse parse) {
    const JsonReader at = reader_;
    PARANET_ASSIGN_OR_RETURN(const Kind kind, reader_.Peek());
    if (kind != Kind::kString) return Mismatch(at, expected);
    PARANET_ASSIGN_OR_RETURN(const std::string text, reader_.ReadString());
    T value;
    if (!parse(text, &value)) return Mismatch(at, expected);
    return Copy(value, message);
  }

  template <typename T>
  absl::Status ReadStructured(pb::Message* message, Kind kind, absl::string_view expected) {
    PARANET_ASSIGN_OR_RETURN(const Kind found, reader_.Peek());
    if (found != kind) return Mismatch(reader_, expected);
    pb::Value value;
    PARANET_RETURN_IF_ERROR(ReadValue(&value));
    if constexpr (std::is_same_v<T, pb::Struct>) return Copy(value.struct_value(), message);
    if constexpr (std::is_same_v<T, pb::ListValue>) return Copy(value.list_value(), message);
  }

  absl::Status ReadValue(pb::Value* value) {
    PARANET_RETURN_IF_ERROR(Charge(sizeof(pb::Value)));
    const JsonReader at = reader_;
    PARANET_ASSIGN_OR_RETURN(const Kind kind, reader_.Peek());
    switch (kind) {
      case Kind::kObject: {
        auto& fields = *value->mutable_struct_value()->mutable_fields();
        PARANET_RETURN_IF_ERROR(reader_.BeginObject());
        std::string name;
        while (true) {
          PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextMember(&name));
          if (!more) return absl::OkStatus();
          const Step step(this, Dotted(name));
          if (fields.contains(name)) return GivenTwice();
          PARANET_RETURN_IF_ERROR(ReadValue(&fields[name]));
        }
      }
      case Kind::kArray: {
        pb::ListValue* list = value->mutable_list_value();
        PARANET_RETURN_IF_ERROR(reader_.BeginArray());
        while (true) {
          PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextElement());
          if (!more) return absl::OkStatus();
          const Step step(this, absl::StrCat("[", list->values_size(), "]"));
          PARANET_RETURN_IF_ERROR(ReadValue(list->add_values()));
        }
      }
      case Kind::kString: {
        PARANET_ASSIGN_OR_RETURN(*value->mutable_string_value(), reader_.ReadString());
        return absl::OkStatus();
      }
      case Kind::kNumber: {
        PARANET_ASSIGN_OR_RETURN(const absl::string_view text, reader_.ReadNumber());
        double number = 0;
        if (!ParseJsonReal(text, /*quoted=*/false, &number)) return Mismatch(at, "a number (double)");
        value->set_number_value(number);
        return absl::OkStatus();
      }
      case Kind::kNull:
        value->set_null_value(pb::NULL_VALUE);
        return reader_.ReadLiteral();
      default:
        value->set_bool_value(kind == Kind::kTrue);
        return reader_.ReadLiteral();
    }
  }

  absl::Status ReadAnyMessage(pb::Message* message) {
    PARANET_ASSIGN_OR_RETURN(const Kind kind, reader_.Peek());
    if (kind != Kind::kObject) return Mismatch(reader_, "an object with \"@type\" (google.protobuf.Any)");
    PARANET_ASSIGN_OR_RETURN(const std::string url, FindTypeUrl(reader_.Ahead()));
    pb::Any any;
    if (url.empty()) {
      // `{}` is an empty Any; anything else needs to say what it is.
      PARANET_RETURN_IF_ERROR(reader_.BeginObject());
      std::string name;
      PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextMember(&name));
      if (!more) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat(Where(), " needs \"@type\", because it is a google.protobuf.Any"));
    }
    const std::string name = url.substr(url.rfind('/') + 1);
    const pb::Descriptor* type = message->GetDescriptor()->file()->pool()->FindMessageTypeByName(name);
    if (type == nullptr || url.find('/') == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(Where(), " has \"@type\" \"", absl::Utf8SafeCHexEscape(url),
                                                     "\", which is no type of this skill set"));
    }
    const std::unique_ptr<pb::Message> content(
        message->GetReflection()->GetMessageFactory()->GetPrototype(type)->New());
    if (type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
      PARANET_RETURN_IF_ERROR(ReadFields(content.get(), /*in_any=*/true));
    } else {
      PARANET_RETURN_IF_ERROR(ReadWrappedInAny(content.get()));
    }
    any.set_type_url(url);
    any.set_value(content->SerializePartialAsString());
    return Copy(any, message);
  }

  // {"@type": ..., "value": ...}
  absl::Status ReadWrappedInAny(pb::Message* content) {
    PARANET_RETURN_IF_ERROR(reader_.BeginObject());
    std::string name;
    bool seen = false;
    while (true) {
      PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextMember(&name));
      if (!more) return absl::OkStatus();
      const Step step(this, Dotted(name));
      if (name == "@type") {
        PARANET_RETURN_IF_ERROR(reader_.ReadAny().status());
        continue;
      }
      if (name != "value" || std::exchange(seen, true)) {
        return absl::InvalidArgumentError(
            absl::StrCat(Where(), ": beside \"@type\" there must be one \"value\" and nothing else"));
      }
      PARANET_RETURN_IF_ERROR(ReadMessage(content));
    }
  }

  // The "@type" of the object that `ahead` stands before; empty if there is none.
  absl::StatusOr<std::string> FindTypeUrl(JsonReader ahead) const {
    std::string name;
    PARANET_RETURN_IF_ERROR(ahead.BeginObject());
    while (true) {
      PARANET_ASSIGN_OR_RETURN(const bool more, ahead.NextMember(&name));
      if (!more) return std::string();
      if (name == "@type") return ahead.ReadString();
      PARANET_RETURN_IF_ERROR(ahead.ReadAny().status());
    }
  }

  absl::Status GivenTwice() const { return absl::InvalidArgumentError(absl::StrCat(Where(), " is given twice")); }

  absl::Status ReadFields(pb::Message* message, bool in_any) {
    const pb::Descriptor& type = *message->GetDescriptor();
    PARANET_ASSIGN_OR_RETURN(const Kind kind, reader_.Peek());
    if (kind != Kind::kObject) return Mismatch(reader_, absl::StrCat("an object (", type.full_name(), ")"));
    PARANET_RETURN_IF_ERROR(reader_.BeginObject());
    std::vector<bool> seen(static_cast<size_t>(type.field_count()));
    std::string name;
    while (true) {
      PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextMember(&name));
      if (!more) return absl::OkStatus();
      const Step step(this, Dotted(name));
      if (in_any && name == "@type") {
        PARANET_RETURN_IF_ERROR(reader_.ReadAny().status());
        continue;
      }
      const FieldDescriptor* field = FindField(type, name);
      if (field == nullptr) return UnknownField(type, name);
      if (seen[static_cast<size_t>(field->index())]) return GivenTwice();
      seen[static_cast<size_t>(field->index())] = true;
      PARANET_RETURN_IF_ERROR(ReadField(message, *field));
    }
  }

  static const FieldDescriptor* FindField(const pb::Descriptor& type, const std::string& name) {
    if (const FieldDescriptor* field = type.FindFieldByName(name)) return field;
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->json_name() == name) return type.field(i);
    }
    return nullptr;
  }

  absl::Status UnknownField(const pb::Descriptor& type, absl::string_view name) const {
    constexpr size_t kMostListed = 20;
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
    std::string hint = DidYouMean(name, names);
    if (hint.empty() && names.empty()) hint = " That has no fields.";
    if (hint.empty() && names.size() <= kMostListed)
      hint = absl::StrCat(" Its fields are ", absl::StrJoin(names, ", "), ".");
    return absl::InvalidArgumentError(absl::StrCat(Where(), " is not in ", type.full_name(), ".", hint));
  }

  absl::Status ReadField(pb::Message* message, const FieldDescriptor& field) {
    PARANET_ASSIGN_OR_RETURN(const Kind kind, reader_.Peek());
    // null means absent, except where it is a value.
    if (kind == Kind::kNull && (field.is_repeated() || !IsNullable(field))) return reader_.ReadLiteral();
    if (const pb::OneofDescriptor* oneof = field.real_containing_oneof()) {
      const pb::Reflection& reflection = *message->GetReflection();
      if (const FieldDescriptor* other = reflection.GetOneofFieldDescriptor(*message, oneof)) {
        return absl::InvalidArgumentError(absl::StrCat(Where(), " and field \"", other->name(), "\" of ",
                                                       field.containing_type()->full_name(),
                                                       " exclude each other: give one of them"));
      }
    }
    if (field.is_map()) return ReadMap(message, field, kind);
    if (!field.is_repeated()) return ReadValueOf(FieldSlot(message, &field));
    if (kind != Kind::kArray) return Mismatch(reader_, absl::StrCat("an array, each of it ", ExpectedValue(field)));
    PARANET_RETURN_IF_ERROR(reader_.BeginArray());
    for (int64_t i = 0;; ++i) {
      PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextElement());
      if (!more) return absl::OkStatus();
      const Step step(this, absl::StrCat("[", i, "]"));
      PARANET_RETURN_IF_ERROR(ReadValueOf(FieldSlot(message, &field)));
    }
  }

  static bool IsNullable(const FieldDescriptor& field) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      return field.enum_type()->full_name() == "google.protobuf.NullValue";
    }
    return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
           field.message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_VALUE;
  }

  absl::Status ReadMap(pb::Message* message, const FieldDescriptor& field, Kind kind) {
    const FieldDescriptor& key = *field.message_type()->map_key();
    const FieldDescriptor& value = *field.message_type()->map_value();
    if (kind != Kind::kObject) return Mismatch(reader_, absl::StrCat("an object, each member ", ExpectedValue(value)));
    PARANET_RETURN_IF_ERROR(reader_.BeginObject());
    std::string name;
    absl::flat_hash_set<std::string> keys;
    while (true) {
      PARANET_ASSIGN_OR_RETURN(const bool more, reader_.NextMember(&name));
      if (!more) return absl::OkStatus();
      const Step step(this, Dotted(name));
      pb::Message* entry = message->GetReflection()->AddMessage(message, &field);
      PARANET_RETURN_IF_ERROR(Charge(entry->SpaceUsedLong()));
      if (!FieldSlot(entry, &key).PutText(name, /*quoted=*/true)) {
        return absl::InvalidArgumentError(absl::StrCat(Where(), ": its name must be ", ExpectedValue(key)));
      }
      // By the key's value: "1" and "1.0" are one integer.
      if (!keys.insert(entry->SerializePartialAsString()).second) return GivenTwice();
      PARANET_RETURN_IF_ERROR(ReadValueOf(FieldSlot(entry, &value)));
    }
  }

  absl::Status ReadValueOf(FieldSlot slot) {
    const FieldDescriptor& field = slot.field();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return ReadMessage(slot.Submessage());
    const JsonReader at = reader_;
    PARANET_ASSIGN_OR_RETURN(const Kind kind, reader_.Peek());
    if (kind == Kind::kString) {
      PARANET_ASSIGN_OR_RETURN(std::string text, reader_.ReadString());
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return PutEnumName(at, text, slot);
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL && slot.PutText(std::move(text), /*quoted=*/true)) {
        return absl::OkStatus();
      }
    } else if (kind == Kind::kNumber) {
      PARANET_ASSIGN_OR_RETURN(const absl::string_view text, reader_.ReadNumber());
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING && field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL &&
          slot.PutText(std::string(text), /*quoted=*/false)) {
        return absl::OkStatus();
      }
    } else if ((kind == Kind::kTrue || kind == Kind::kFalse) && field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      slot.PutBool(kind == Kind::kTrue);
      return reader_.ReadLiteral();
    } else if (kind == Kind::kNull && IsNullable(field)) {
      slot.PutEnum(0);
      return reader_.ReadLiteral();
    }
    return Mismatch(at, ExpectedValue(field));
  }

  absl::Status PutEnumName(const JsonReader& at, const std::string& name, FieldSlot slot) const {
    const pb::EnumDescriptor& type = *slot.field().enum_type();
    if (const pb::EnumValueDescriptor* value = type.FindValueByName(name)) {
      slot.PutEnum(value->number());
      return absl::OkStatus();
    }
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
    const std::string hint = DidYouMean(name, names);
    return Mismatch(at, ExpectedValue(slot.field()), hint.empty() ? "" : absl::StrCat(".", hint));
  }

  JsonReader reader_;
  // `place.cities[2]`: where the reader is.
  std::string path_;
  size_t memory_ = 0;
};

}  // namespace

absl::Status JsonToMessage(absl::string_view json, pb::Message* message) {
  PARANET_ASSIGN_OR_RETURN(const JsonReader reader, JsonReader::Create(json));
  return Converter(reader).Convert(message);
}

}  // namespace paranet
