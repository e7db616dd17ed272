#include "core/skill/json_scalar.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

using pb::FieldDescriptor;

std::string Range(absl::string_view type, int64_t least, uint64_t most) {
  return absl::StrCat("a whole number from ", least, " to ", most, " (", type, ")");
}

bool LooksNumeric(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789+-.eE") == absl::string_view::npos;
}

template <typename T>
bool ParseInteger(absl::string_view text, T* value) {
  if (!LooksNumeric(text) || text[0] == '+') return false;
  if (absl::SimpleAtoi(text, value)) return true;
  double number = 0;
  // 1e3 and 5.0 are whole numbers too.
  if (text.find_first_of(".eE") == absl::string_view::npos || !absl::SimpleAtod(text, &number)) return false;
  const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (!(number >= static_cast<double>(std::numeric_limits<T>::min()) && number < beyond)) return false;
  *value = static_cast<T>(number);
  return std::trunc(number) == number;
}

bool ParseBase64(absl::string_view text, std::string* bytes) {
  return text.find_first_of("-_") == absl::string_view::npos ? absl::Base64Unescape(text, bytes)
                                                             : absl::WebSafeBase64Unescape(text, bytes);
}

// Sets a field, or adds to a repeated one, by the reflection's members for its type.
template <typename T, typename Parameter>
bool Put(pb::Message* message, const FieldDescriptor* field,
         void (pb::Reflection::*set)(pb::Message*, const FieldDescriptor*, Parameter) const,
         void (pb::Reflection::*add)(pb::Message*, const FieldDescriptor*, Parameter) const, T value) {
  (message->GetReflection()->*(field->is_repeated() ? add : set))(message, field, std::move(value));
  return true;
}

}  // namespace

std::string ExpectedValue(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Range(field.type_name(), std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
    case FieldDescriptor::CPPTYPE_INT64:
      return Range(field.type_name(), std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
    case FieldDescriptor::CPPTYPE_UINT32:
      return Range(field.type_name(), 0, std::numeric_limits<uint32_t>::max());
    case FieldDescriptor::CPPTYPE_UINT64:
      return Range(field.type_name(), 0, std::numeric_limits<uint64_t>::max());
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat("a number (", field.type_name(), ")");
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false (bool)";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("the name of a value of ", field.enum_type()->full_name());
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "a string in base64 (bytes)" : "a string";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("an object (", field.message_type()->full_name(), ")");
  }
  return std::string(field.type_name());
}

bool ParseJsonReal(absl::string_view text, bool quoted, double* value) {
  if (quoted && text == "NaN") {
    *value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (quoted && (text == "Infinity" || text == "-Infinity")) {
    *value = text[0] == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  return LooksNumeric(text) && absl::SimpleAtod(text, value) && std::isfinite(*value);
}

pb::Message* FieldSlot::Submessage() const {
  const pb::Reflection& reflection = *message_->GetReflection();
  return field_->is_repeated() ? reflection.AddMessage(message_, field_) : reflection.MutableMessage(message_, field_);
}

void FieldSlot::PutBool(bool value) const {
  Put(message_, field_, &pb::Reflection::SetBool, &pb::Reflection::AddBool, value);
}

void FieldSlot::PutEnum(int number) const {
  Put(message_, field_, &pb::Reflection::SetEnumValue, &pb::Reflection::AddEnumValue, number);
}

bool FieldSlot::PutText(std::string text, bool quoted) const {
  using R = pb::Reflection;
  int32_t int32 = 0;
  int64_t int64 = 0;
  uint32_t uint32 = 0;
  uint64_t uint64 = 0;
  double real = 0;
  std::string bytes;
  switch (field_->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return ParseInteger(text, &int32) && Put(message_, field_, &R::SetInt32, &R::AddInt32, int32);
    case FieldDescriptor::CPPTYPE_INT64:
      return ParseInteger(text, &int64) && Put(message_, field_, &R::SetInt64, &R::AddInt64, int64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return ParseInteger(text, &uint32) && Put(message_, field_, &R::SetUInt32, &R::AddUInt32, uint32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return ParseInteger(text, &uint64) && Put(message_, field_, &R::SetUInt64, &R::AddUInt64, uint64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ParseJsonReal(text, quoted, &real) && Put(message_, field_, &R::SetDouble, &R::AddDouble, real);
    case FieldDescriptor::CPPTYPE_FLOAT:
      if (!ParseJsonReal(text, quoted, &real)) return false;
      if (std::isfinite(real) && std::abs(real) > std::numeric_limits<float>::max()) return false;
      return Put(message_, field_, &R::SetFloat, &R::AddFloat, static_cast<float>(real));
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return false;
      PutBool(text == "true");
      return true;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!ParseInteger(text, &int32)) return false;
      // The enumerations of proto2 are closed.
      if (field_->file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3 &&
          field_->enum_type()->FindValueByNumber(int32) == nullptr) {
        return false;
      }
      PutEnum(int32);
      return true;
    case FieldDescriptor::CPPTYPE_STRING:
      if (field_->type() != FieldDescriptor::TYPE_BYTES) {
        bytes = std::move(text);
      } else if (!ParseBase64(text, &bytes)) {
        return false;
      }
      return Put(message_, field_, &R::SetString, &R::AddString, std::move(bytes));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return false;
}

}  // namespace paranet
