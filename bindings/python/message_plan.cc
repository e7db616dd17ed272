#include "bindings/python/message_plan.h"

namespace paranet::python {

namespace py = pybind11;
using google::protobuf::internal::WireFormatLite;

WireFormatLite::WireType WireTypeOf(FieldKind kind) {
  switch (kind) {
    case FieldKind::kFloat:
      return WireFormatLite::WIRETYPE_FIXED64;
    case FieldKind::kInt:
    case FieldKind::kBool:
    case FieldKind::kEnum:
      return WireFormatLite::WIRETYPE_VARINT;
    case FieldKind::kStr:
    case FieldKind::kBytes:
    case FieldKind::kMessage:
      break;
  }
  return WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
}

MessagePlans::MessagePlans(const py::list& messages) : plans_(messages.size()) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const auto message = messages[i].cast<py::tuple>();
    MessagePlan& plan = plans_[i];
    plan.name = message[0].cast<std::string>();
    plan.form = static_cast<MessageForm>(message[1].cast<int>());
    plan.type = message[2];
    const auto fields = message[3].cast<py::list>();
    plan.names = py::tuple(fields.size());
    for (size_t j = 0; j < fields.size(); ++j) {
      const auto tuple = fields[j].cast<py::tuple>();
      FieldPlan field;
      field.number = tuple[0].cast<uint32_t>();
      // Interned, because it is looked up in objects and dictionaries.
      field.name = py::reinterpret_steal<py::str>(PyUnicode_InternFromString(tuple[1].cast<std::string>().c_str()));
      field.kind = static_cast<FieldKind>(tuple[2].cast<int>());
      field.label = static_cast<FieldLabel>(tuple[3].cast<int>());
      field.key = static_cast<FieldKind>(tuple[4].cast<int>());
      if (field.kind == FieldKind::kMessage) field.message = &plans_.at(tuple[5].cast<size_t>());
      field.members = tuple[6].cast<py::dict>();
      field.numbers = tuple[7].cast<py::dict>();
      field.absence = static_cast<FieldAbsence>(tuple[8].cast<int>());
      field.default_value = tuple[9];
      plan.names[j] = field.name;
      plan.fields.push_back(std::move(field));
    }
  }
}

const MessagePlan& MessagePlans::at(size_t index) const {
  if (index >= plans_.size()) throw py::index_error("there is no such message");
  return plans_[index];
}

}  // namespace paranet::python
