#include "bindings/python/decode.h"

#include <bit>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "bindings/python/python_error.h"
#include "core/base/status.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace paranet::python {
namespace {

namespace py = pybind11;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// As protobuf's own parsers have it.
constexpr int kMaxDepth = 100;

absl::StatusOr<py::object> DecodeAt(const MessagePlan& plan, absl::string_view bytes, int depth);

absl::Status Malformed() { return absl::InvalidArgumentError(": these bytes are not such a message"); }

absl::Status Prefixed(const absl::Status& status, absl::string_view prefix) {
  return {status.code(), absl::StrCat(prefix, status.message())};
}

std::string NameOf(const FieldPlan& field) { return field.name.cast<std::string>(); }

absl::StatusOr<py::object> Steal(PyObject* object) {
  if (object == nullptr) return absl::InvalidArgumentError(absl::StrCat(": ", TakePythonErrorText()));
  return py::reinterpret_steal<py::object>(object);
}

absl::StatusOr<py::object> MemberOf(const FieldPlan& field, int32_t number) {
  const py::int_ key(number);
  PyObject* const member = PyDict_GetItemWithError(field.members.ptr(), key.ptr());
  if (member == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(": ", number, " is none of the enum's numbers"));
  return py::reinterpret_borrow<py::object>(member);
}

// One field's bytes, of any kind.
class Reader {
 public:
  Reader(absl::string_view bytes, int depth)
      : in_(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())), depth_(depth) {}

  CodedInputStream& in() { return in_; }
  bool AtEnd() { return in_.ExpectAtEnd(); }

  // The bytes of a length-delimited field.
  bool View(absl::string_view& view) {
    uint32_t size = 0;
    if (!in_.ReadVarint32(&size)) return false;
    const void* data = nullptr;
    int available = 0;
    if (size == 0) {
      view = absl::string_view();
      return true;
    }
    if (!in_.GetDirectBufferPointer(&data, &available) || size > static_cast<uint32_t>(available)) return false;
    view = absl::string_view(static_cast<const char*>(data), size);
    return in_.Skip(static_cast<int>(size));
  }

  absl::StatusOr<py::object> Number(const FieldPlan& field, FieldKind kind) {
    uint64_t value = 0;
    if (kind == FieldKind::kFloat) {
      if (!in_.ReadLittleEndian64(&value)) return Malformed();
      return Steal(PyFloat_FromDouble(std::bit_cast<double>(value)));
    }
    if (!in_.ReadVarint64(&value)) return Malformed();
    if (kind == FieldKind::kBool) return py::object(py::bool_(value != 0));
    if (kind == FieldKind::kEnum) return MemberOf(field, static_cast<int32_t>(value));
    return Steal(PyLong_FromLongLong(static_cast<int64_t>(value)));
  }

  absl::StatusOr<py::object> Delimited(const FieldPlan& field, FieldKind kind, absl::string_view view) const {
    const auto size = static_cast<Py_ssize_t>(view.size());
    if (kind == FieldKind::kBytes) return Steal(PyBytes_FromStringAndSize(view.data(), size));
    if (kind == FieldKind::kMessage) return DecodeAt(*field.message, view, depth_ + 1);
    PyObject* const text = PyUnicode_DecodeUTF8(view.data(), size, nullptr);
    if (text == nullptr) {
      PyErr_Clear();
      return absl::InvalidArgumentError(": is not UTF-8");
    }
    return py::reinterpret_steal<py::object>(text);
  }

  absl::StatusOr<py::object> One(const FieldPlan& field, FieldKind kind) {
    if (WireTypeOf(kind) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) return Number(field, kind);
    absl::string_view view;
    if (!View(view)) return Malformed();
    return Delimited(field, kind, view);
  }

 private:
  CodedInputStream in_;
  const int depth_;
};

absl::StatusOr<py::object> Zero(const FieldPlan& field, FieldKind kind) {
  switch (kind) {
    case FieldKind::kInt:
      return Steal(PyLong_FromLong(0));
    case FieldKind::kFloat:
      return Steal(PyFloat_FromDouble(0));
    case FieldKind::kBool:
      return py::object(py::bool_(false));
    case FieldKind::kStr:
      return Steal(PyUnicode_New(0, 0));
    case FieldKind::kBytes:
      return Steal(PyBytes_FromStringAndSize(nullptr, 0));
    case FieldKind::kEnum:
      return MemberOf(field, 0);
    case FieldKind::kMessage:
      break;
  }
  return absl::InternalError(": a message has no zero");
}

// The fields of one message, as they come.
class FieldsDecoder {
 public:
  FieldsDecoder(const MessagePlan& plan, absl::Span<py::object> values, int depth)
      : plan_(plan), values_(values), depth_(depth) {}

  absl::Status Run(absl::string_view bytes) {
    Reader reader(bytes, depth_);
    size_t hint = 0;
    while (!reader.AtEnd()) {
      const uint32_t tag = reader.in().ReadTag();
      if (tag == 0) return Malformed();
      const size_t index = Find(static_cast<uint32_t>(WireFormatLite::GetTagFieldNumber(tag)), hint);
      const auto wire_type = WireFormatLite::GetTagWireType(tag);
      if (index == plan_.fields.size() || !Fits(plan_.fields[index], wire_type)) {
        if (!WireFormatLite::SkipField(&reader.in(), tag)) return Malformed();
        continue;
      }
      hint = index + 1;
      const absl::Status status = Read(index, wire_type, reader);
      if (!status.ok()) return Prefixed(status, NameOf(plan_.fields[index]));
    }
    for (const Part& part : messages_) {
      const FieldPlan& field = plan_.fields[part.field];
      absl::StatusOr<py::object> value =
          DecodeAt(*field.message, part.joined.empty() ? part.first : part.joined, depth_ + 1);
      if (!value.ok()) return Prefixed(value.status(), NameOf(field));
      values_[part.field] = *std::move(value);
    }
    for (size_t i = 0; i < values_.size(); ++i) {
      if (values_[i]) continue;
      const absl::Status status = FillIn(plan_.fields[i], values_[i]);
      if (!status.ok()) return Prefixed(status, NameOf(plan_.fields[i]));
    }
    return absl::OkStatus();
  }

 private:
  // A message of a field, or all of its parts joined if there were several.
  struct Part {
    size_t field;
    absl::string_view first;
    std::string joined;
  };

  // Of the field with this number; most often it is the one after the last one.
  size_t Find(uint32_t number, size_t hint) const {
    const auto& fields = plan_.fields;
    if (hint < fields.size() && fields[hint].number == number) return hint;
    size_t i = 0;
    while (i < fields.size() && fields[i].number != number) ++i;
    return i;
  }

  static bool Fits(const FieldPlan& field, WireFormatLite::WireType wire_type) {
    if (field.label == FieldLabel::kMap) return wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    // Packed or not.
    if (field.label == FieldLabel::kRepeated && wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) return true;
    return wire_type == WireTypeOf(field.kind);
  }

  absl::Status Read(size_t index, WireFormatLite::WireType wire_type, Reader& reader) {
    const FieldPlan& field = plan_.fields[index];
    py::object& value = values_[index];
    switch (field.label) {
      case FieldLabel::kRepeated:
        return ReadRepeated(field, wire_type, reader, value);
      case FieldLabel::kMap:
        return ReadEntry(field, reader, value);
      case FieldLabel::kSingular:
      case FieldLabel::kOptional:
        break;
    }
    if (field.kind == FieldKind::kMessage) return ReadMessage(index, reader);
    PARANET_ASSIGN_OR_RETURN(value, reader.One(field, field.kind));
    return absl::OkStatus();
  }

  // Where a message comes in several parts they are merged, which is what their bytes in a row are.
  absl::Status ReadMessage(size_t index, Reader& reader) {
    absl::string_view view;
    if (!reader.View(view)) return Malformed();
    for (Part& part : messages_) {
      if (part.field != index) continue;
      if (part.joined.empty()) part.joined = std::string(part.first);
      part.joined.append(view.data(), view.size());
      return absl::OkStatus();
    }
    messages_.push_back({.field = index, .first = view, .joined = {}});
    return absl::OkStatus();
  }

  static absl::Status Append(py::object& list, const py::object& item) {
    if (!list) list = py::list();
    if (PyList_Append(list.ptr(), item.ptr()) != 0) return absl::InternalError(TakePythonErrorText());
    return absl::OkStatus();
  }

  absl::Status ReadRepeated(const FieldPlan& field, WireFormatLite::WireType wire_type, Reader& reader,
                            py::object& value) const {
    if (wire_type != WireFormatLite::WIRETYPE_LENGTH_DELIMITED || WireTypeOf(field.kind) == wire_type) {
      absl::StatusOr<py::object> item = reader.One(field, field.kind);
      if (item.ok()) return Append(value, *item);
      const size_t at = value ? static_cast<size_t>(PyList_GET_SIZE(value.ptr())) : 0;
      return Prefixed(item.status(), absl::StrCat("[", at, "]"));
    }
    absl::string_view packed;
    if (!reader.View(packed)) return Malformed();
    Reader items(packed, depth_);
    while (!items.AtEnd()) {
      PARANET_ASSIGN_OR_RETURN(const py::object item, items.Number(field, field.kind));
      PARANET_RETURN_IF_ERROR(Append(value, item));
    }
    return absl::OkStatus();
  }

  absl::Status ReadEntry(const FieldPlan& field, Reader& reader, py::object& value) const {
    absl::string_view bytes;
    if (!reader.View(bytes)) return Malformed();
    if (!value) value = py::dict();
    Reader entry(bytes, depth_);
    py::object key;
    py::object item;
    while (!entry.AtEnd()) {
      const uint32_t tag = entry.in().ReadTag();
      if (tag == 0) return Malformed();
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      const auto wire_type = WireFormatLite::GetTagWireType(tag);
      if (number == 1 && wire_type == WireTypeOf(field.key)) {
        PARANET_ASSIGN_OR_RETURN(key, entry.One(field, field.key));
      } else if (number == 2 && wire_type == WireTypeOf(field.kind)) {
        PARANET_ASSIGN_OR_RETURN(item, entry.One(field, field.kind));
      } else if (!WireFormatLite::SkipField(&entry.in(), tag)) {
        return Malformed();
      }
    }
    if (!key) {
      PARANET_ASSIGN_OR_RETURN(key, Zero(field, field.key));
    }
    if (!item && field.kind == FieldKind::kMessage) {
      PARANET_ASSIGN_OR_RETURN(item, DecodeAt(*field.message, "", depth_ + 1));
    } else if (!item) {
      PARANET_ASSIGN_OR_RETURN(item, Zero(field, field.kind));
    }
    if (PyDict_SetItem(value.ptr(), key.ptr(), item.ptr()) != 0) return absl::InternalError(TakePythonErrorText());
    return absl::OkStatus();
  }

  static absl::Status FillIn(const FieldPlan& field, py::object& value) {
    if (field.label == FieldLabel::kRepeated) {
      value = py::list();
      return absl::OkStatus();
    }
    if (field.label == FieldLabel::kMap) {
      value = py::dict();
      return absl::OkStatus();
    }
    switch (field.absence) {
      case FieldAbsence::kZero: {
        PARANET_ASSIGN_OR_RETURN(value, Zero(field, field.kind));
        break;
      }
      case FieldAbsence::kValue:
        value = field.default_value;
        break;
      case FieldAbsence::kFactory: {
        PARANET_ASSIGN_OR_RETURN(value, Steal(PyObject_CallNoArgs(field.default_value.ptr())));
        break;
      }
      case FieldAbsence::kMissing:
        return absl::InvalidArgumentError(": it is missing");
      case FieldAbsence::kOmitted:
        break;
    }
    return absl::OkStatus();
  }

  const MessagePlan& plan_;
  const absl::Span<py::object> values_;
  const int depth_;
  // Singular messages met so far, by field.
  absl::InlinedVector<Part, 2> messages_;
};

absl::StatusOr<py::object> DecodeAt(const MessagePlan& plan, absl::string_view bytes, int depth) {
  if (depth > kMaxDepth) return absl::InvalidArgumentError(absl::StrCat(": is nested more than ", kMaxDepth, " deep"));
  absl::InlinedVector<py::object, 8> values(plan.fields.size());
  const absl::Status status = FieldsDecoder(plan, absl::MakeSpan(values), depth).Run(bytes);
  // The path goes on within what holds this message.
  if (!status.ok()) return depth == 0 ? status : Prefixed(status, status.message()[0] == ':' ? "" : ".");
  switch (plan.form) {
    case MessageForm::kDataclass: {
      absl::InlinedVector<PyObject*, 8> arguments;
      arguments.reserve(values.size());
      for (const py::object& value : values) arguments.push_back(value.ptr());
      return Steal(PyObject_Vectorcall(plan.type.ptr(), arguments.data(), 0, plan.names.ptr()));
    }
    case MessageForm::kDictionary: {
      py::dict dictionary;
      for (size_t i = 0; i < values.size(); ++i) {
        if (values[i]) dictionary[plan.fields[i].name] = values[i];
      }
      return py::object(std::move(dictionary));
    }
    case MessageForm::kWrapped:
      return plan.fields.empty() ? py::object(py::none()) : values[0];
    case MessageForm::kArguments:
      break;
  }
  return absl::InternalError(": the arguments of a function are no object");
}

}  // namespace

absl::Status DecodeFields(const MessagePlan& plan, absl::string_view bytes, absl::Span<py::object> values) {
  return FieldsDecoder(plan, values, 0).Run(bytes);
}

absl::StatusOr<py::object> Decode(const MessagePlan& plan, absl::string_view bytes) { return DecodeAt(plan, bytes, 0); }

}  // namespace paranet::python
