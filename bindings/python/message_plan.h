// What the fields of a message are, for the conversion between protobuf's bytes and Python objects.
//
// The plan is made from type hints by paranet/_types.py and paranet/_plan.py; with it a message needs neither
// descriptors nor a message object on its way: decode.h and encode.h go straight from bytes to what the function takes,
// and back.
#ifndef PARANET_BINDINGS_PYTHON_MESSAGE_PLAN_H_
#define PARANET_BINDINGS_PYTHON_MESSAGE_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "google/protobuf/wire_format_lite.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// The numbers are those of paranet/_types.py.
enum class FieldKind { kInt = 0, kFloat = 1, kBool = 2, kStr = 3, kBytes = 4, kMessage = 5, kEnum = 6 };
enum class FieldLabel { kSingular = 0, kOptional = 1, kRepeated = 2, kMap = 3 };
// What stands in the place of a field that the message does not have: zero, a value, what a function returns, an error
// (the field must be there), or nothing at all.
enum class FieldAbsence { kZero = 0, kValue = 1, kFactory = 2, kMissing = 3, kOmitted = 4 };
// The arguments of a function, an instance of a dataclass, a dict, or the one field `value` (None if there is none).
enum class MessageForm { kArguments = 0, kDataclass = 1, kDictionary = 2, kWrapped = 3 };

// How a value of that kind is written (https://protobuf.dev/programming-guides/encoding).
google::protobuf::internal::WireFormatLite::WireType WireTypeOf(FieldKind kind);

struct MessagePlan;

struct FieldPlan {
  uint32_t number = 0;
  pybind11::str name;
  FieldKind kind = FieldKind::kInt;
  FieldLabel label = FieldLabel::kSingular;
  // Of a map.
  FieldKind key = FieldKind::kStr;
  // Of kMessage.
  const MessagePlan* message = nullptr;
  // Of kEnum: from number to member, and back.
  pybind11::dict members;
  pybind11::dict numbers;
  FieldAbsence absence = FieldAbsence::kZero;
  pybind11::object default_value;
};

struct MessagePlan {
  std::string name;
  MessageForm form = MessageForm::kWrapped;
  // The class, where there is one.
  pybind11::object type;
  // Of the fields, in their order: the keywords of a call of `type`.
  pybind11::tuple names;
  std::vector<FieldPlan> fields;
};

// Plans that name each other. Immutable; to be made and destroyed with the GIL.
class MessagePlans {
 public:
  // `messages`: as paranet/_plan.py makes it. Raises what pybind11 raises if it is not that.
  explicit MessagePlans(const pybind11::list& messages);
  MessagePlans(const MessagePlans&) = delete;
  MessagePlans& operator=(const MessagePlans&) = delete;

  // IndexError if there is none.
  const MessagePlan& at(size_t index) const;

 private:
  std::deque<MessagePlan> plans_;
};

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_MESSAGE_PLAN_H_
