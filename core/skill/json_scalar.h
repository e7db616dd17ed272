// Values of JSON that are not objects or arrays, into fields.
#ifndef PARANET_CORE_SKILL_JSON_SCALAR_H_
#define PARANET_CORE_SKILL_JSON_SCALAR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace paranet {

// What one value of the field has to be, for errors: `a whole number from 0 to 4294967295 (uint32)`.
std::string ExpectedValue(const google::protobuf::FieldDescriptor& field);

// The number in `text`; NaN and infinities only where it was `quoted`. False if there is none, or none that is finite.
bool ParseJsonReal(absl::string_view text, bool quoted, double* value);

// Where one value goes: into a field, or at the end of a repeated one. Refers to the message and its field.
class FieldSlot {
 public:
  FieldSlot(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field)
      : message_(message), field_(field) {}

  const google::protobuf::FieldDescriptor& field() const { return *field_; }

  // The field's message, for a field of messages.
  google::protobuf::Message* Submessage() const;

  // Puts what `text` says by the field's type; `quoted` if it was a string in JSON. Numbers may be quoted, as may the
  // booleans that are keys of a map; an enumeration's value goes by its number here. False if `text` is no such value,
  // and for a field of messages.
  bool PutText(std::string text, bool quoted) const;
  // For a field of booleans.
  void PutBool(bool value) const;
  // For a field of an enumeration.
  void PutEnum(int number) const;

 private:
  google::protobuf::Message* const message_;
  const google::protobuf::FieldDescriptor* const field_;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_JSON_SCALAR_H_
