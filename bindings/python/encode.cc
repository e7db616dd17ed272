#include "bindings/python/encode.h"

#include <bit>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bindings/python/python_error.h"
#include "core/base/status.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace paranet::python {
namespace {

namespace py = pybind11;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// As protobuf's parsers accept it; an object that has itself in it would never end.
constexpr int kMaxDepth = 100;

absl::Status EncodeAt(const MessagePlan& plan, py::handle value, std::string& out, int depth);

absl::Status Unexpected(absl::string_view expected, py::handle found) {
  return absl::InvalidArgumentError(
      absl::StrCat(": expected ", expected, ", found ", found.is_none() ? "None" : TypeName(found)));
}

absl::Status Prefixed(const absl::Status& status, absl::string_view prefix) {
  return {status.code(), absl::StrCat(prefix, status.message())};
}

void AppendVarint(uint64_t value, std::string& out) {
  uint8_t buffer[10];
  const uint8_t* const end = CodedOutputStream::WriteVarint64ToArray(value, buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<size_t>(end - buffer));
}

void AppendFixed64(uint64_t value, std::string& out) {
  uint8_t buffer[8];
  CodedOutputStream::WriteLittleEndian64ToArray(value, buffer);
  out.append(reinterpret_cast<const char*>(buffer), sizeof buffer);
}

void AppendDelimited(absl::string_view bytes, std::string& out) {
  AppendVarint(bytes.size(), out);
  out.append(bytes.data(), bytes.size());
}

void AppendTag(uint32_t number, WireFormatLite::WireType type, std::string& out) {
  AppendVarint(WireFormatLite::MakeTag(static_cast<int>(number), type), out);
}

// Of the integers of Python and of what counts as one (NumPy's), but not True and False.
absl::StatusOr<int64_t> IntOf(py::handle value) {
  if (PyBool_Check(value.ptr()) != 0 || PyIndex_Check(value.ptr()) == 0) return Unexpected("int", value);
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!index) return absl::InvalidArgumentError(absl::StrCat(": ", TakePythonErrorText()));
  int overflow = 0;
  const int64_t number = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow == 0) return number;
  return absl::InvalidArgumentError(": expected an int of 64 bits, found a larger one");
}

absl::StatusOr<double> FloatOf(py::handle value) {
  if (PyFloat_CheckExact(value.ptr()) != 0) return PyFloat_AS_DOUBLE(value.ptr());
  const PyNumberMethods* const methods = Py_TYPE(value.ptr())->tp_as_number;
  const bool number = methods != nullptr && (methods->nb_float != nullptr || methods->nb_index != nullptr);
  if (!number || PyBool_Check(value.ptr()) != 0) return Unexpected("float", value);
  const double result = PyFloat_AsDouble(value.ptr());
  if (PyErr_Occurred() == nullptr) return result;
  return absl::InvalidArgumentError(absl::StrCat(": ", TakePythonErrorText()));
}

absl::StatusOr<int64_t> EnumOf(const FieldPlan& field, py::handle value) {
  PyObject* const number = PyDict_GetItemWithError(field.numbers.ptr(), value.ptr());
  if (number != nullptr) return PyLong_AsLongLong(number);
  PyErr_Clear();
  std::string expected = "a member of its enum";
  for (const auto& [member, unused] : field.numbers) expected = TypeName(member);
  return Unexpected(expected, value);
}

// A value of a kind that is a number on the wire.
absl::StatusOr<uint64_t> NumberOf(const FieldPlan& field, FieldKind kind, py::handle value) {
  if (kind == FieldKind::kFloat) {
    PARANET_ASSIGN_OR_RETURN(const double number, FloatOf(value));
    return std::bit_cast<uint64_t>(number);
  }
  if (kind == FieldKind::kBool) {
    if (PyBool_Check(value.ptr()) == 0) return Unexpected("bool", value);
    return value.ptr() == Py_True ? 1 : 0;
  }
  absl::StatusOr<int64_t> number = kind == FieldKind::kEnum ? EnumOf(field, value) : IntOf(value);
  if (!number.ok()) return number.status();
  return static_cast<uint64_t>(*number);
}

absl::Status AppendText(py::handle value, std::string& out) {
  if (PyUnicode_Check(value.ptr()) == 0) return Unexpected("str", value);
  Py_ssize_t size = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
  if (data == nullptr) {
    PyErr_Clear();
    return absl::InvalidArgumentError(": the str has half of a surrogate pair, which UTF-8 cannot express");
  }
  AppendDelimited({data, static_cast<size_t>(size)}, out);
  return absl::OkStatus();
}

absl::Status AppendBytes(py::handle value, std::string& out) {
  Py_buffer buffer;
  if (PyUnicode_Check(value.ptr()) != 0 || PyObject_GetBuffer(value.ptr(), &buffer, PyBUF_SIMPLE) != 0) {
    PyErr_Clear();
    return Unexpected("bytes", value);
  }
  AppendDelimited({static_cast<const char*>(buffer.buf), static_cast<size_t>(buffer.len)}, out);
  PyBuffer_Release(&buffer);
  return absl::OkStatus();
}

void AppendNumber(FieldKind kind, uint64_t number, std::string& out) {
  if (kind == FieldKind::kFloat) {
    AppendFixed64(number, out);
  } else {
    AppendVarint(number, out);
  }
}

// Whether proto3 leaves the field out where it has no presence: the bytes of a field are then canonical.
bool IsZero(FieldKind kind, absl::string_view encoded) {
  const size_t size = kind == FieldKind::kFloat ? 8 : 1;
  return encoded.size() == size && encoded.find_first_not_of('\0') == absl::string_view::npos;
}

// One value with its tag; nothing if it is zero and `skip_zero`.
absl::Status AppendOne(const FieldPlan& field, uint32_t number, FieldKind kind, py::handle value, bool skip_zero,
                       std::string& out, int depth) {
  const size_t before = out.size();
  AppendTag(number, WireTypeOf(kind), out);
  const size_t begin = out.size();
  switch (kind) {
    case FieldKind::kStr:
      PARANET_RETURN_IF_ERROR(AppendText(value, out));
      break;
    case FieldKind::kBytes:
      PARANET_RETURN_IF_ERROR(AppendBytes(value, out));
      break;
    case FieldKind::kMessage: {
      std::string message;
      PARANET_RETURN_IF_ERROR(EncodeAt(*field.message, value, message, depth + 1));
      AppendDelimited(message, out);
      return absl::OkStatus();
    }
    case FieldKind::kInt:
    case FieldKind::kFloat:
    case FieldKind::kBool:
    case FieldKind::kEnum: {
      PARANET_ASSIGN_OR_RETURN(const uint64_t bits, NumberOf(field, kind, value));
      AppendNumber(kind, bits, out);
      break;
    }
  }
  if (skip_zero && IsZero(kind, absl::string_view(out).substr(begin))) out.resize(before);
  return absl::OkStatus();
}

absl::Status AppendList(const FieldPlan& field, py::handle value, std::string& out, int depth) {
  const bool text = PyUnicode_Check(value.ptr()) != 0 || PyBytes_Check(value.ptr()) != 0;
  if (text || PyDict_Check(value.ptr()) != 0) return Unexpected("list", value);
  const auto list = py::reinterpret_steal<py::object>(PySequence_Fast(value.ptr(), ""));
  if (!list) {
    PyErr_Clear();
    return Unexpected("list", value);
  }
  const bool packed = WireTypeOf(field.kind) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  std::string numbers;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.ptr()); ++i) {
    // Its own reference: what runs for one item may change the list.
    const auto item = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(list.ptr(), i));
    absl::Status status;
    if (!packed) {
      status = AppendOne(field, field.number, field.kind, item, /*skip_zero=*/false, out, depth);
    } else {
      const absl::StatusOr<uint64_t> number = NumberOf(field, field.kind, item);
      status = number.status();
      if (number.ok()) AppendNumber(field.kind, *number, numbers);
    }
    if (!status.ok()) return Prefixed(status, absl::StrCat("[", i, "]"));
  }
  if (numbers.empty()) return absl::OkStatus();
  AppendTag(field.number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, out);
  AppendDelimited(numbers, out);
  return absl::OkStatus();
}

absl::Status AppendMap(const FieldPlan& field, py::handle value, std::string& out, int depth) {
  if (PyDict_Check(value.ptr()) == 0) return Unexpected("dict", value);
  // A copy: what runs for one item may change the dictionary.
  const auto copy = py::reinterpret_steal<py::object>(PyDict_Copy(value.ptr()));
  PyObject* key = nullptr;
  PyObject* item = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(copy.ptr(), &position, &key, &item) != 0) {
    std::string entry;
    absl::Status status = AppendOne(field, 1, field.key, key, /*skip_zero=*/false, entry, depth);
    if (!status.ok()) return Prefixed(status, ", a key");
    status = AppendOne(field, 2, field.kind, item, /*skip_zero=*/false, entry, depth);
    if (!status.ok()) return Prefixed(status, absl::StrCat("[", py::repr(key).cast<std::string>(), "]"));
    AppendTag(field.number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, out);
    AppendDelimited(entry, out);
  }
  return absl::OkStatus();
}

absl::Status AppendField(const FieldPlan& field, py::handle value, std::string& out, int depth) {
  switch (field.label) {
    case FieldLabel::kRepeated:
      return AppendList(field, value, out, depth);
    case FieldLabel::kMap:
      return AppendMap(field, value, out, depth);
    case FieldLabel::kOptional:
      if (value.is_none()) return absl::OkStatus();
      break;
    case FieldLabel::kSingular:
      break;
  }
  return AppendOne(field, field.number, field.kind, value, field.label == FieldLabel::kSingular, out, depth);
}

absl::Status EncodeDataclass(const MessagePlan& plan, py::handle value, std::string& out, int depth) {
  const auto* const type = reinterpret_cast<PyTypeObject*>(plan.type.ptr());
  if (Py_TYPE(value.ptr()) != type && PyObject_IsInstance(value.ptr(), plan.type.ptr()) != 1) {
    PyErr_Clear();
    return Unexpected(type->tp_name, value);
  }
  for (const FieldPlan& field : plan.fields) {
    const auto item = py::reinterpret_steal<py::object>(PyObject_GetAttr(value.ptr(), field.name.ptr()));
    const absl::Status status = item ? AppendField(field, item, out, depth)
                                     : absl::InvalidArgumentError(absl::StrCat(": ", TakePythonErrorText()));
    if (!status.ok()) return Prefixed(status, field.name.cast<std::string>());
  }
  return absl::OkStatus();
}

absl::Status EncodeDictionary(const MessagePlan& plan, py::handle value, std::string& out, int depth) {
  if (PyDict_Check(value.ptr()) == 0) return Unexpected("dict", value);
  Py_ssize_t known = 0;
  for (const FieldPlan& field : plan.fields) {
    const auto item = py::reinterpret_borrow<py::object>(PyDict_GetItemWithError(value.ptr(), field.name.ptr()));
    absl::Status status;
    if (item) {
      ++known;
      status = AppendField(field, item, out, depth);
    } else if (field.absence != FieldAbsence::kOmitted) {
      status = absl::InvalidArgumentError(": it is missing");
    }
    if (!status.ok()) return Prefixed(status, field.name.cast<std::string>());
  }
  if (PyDict_Size(value.ptr()) == known) return absl::OkStatus();
  for (const auto& [key, unused] : py::reinterpret_borrow<py::dict>(value)) {
    if (plan.names.contains(key)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(": ", TypeName(plan.type), " ", plan.name, " has no key ", py::repr(key).cast<std::string>()));
  }
  return absl::OkStatus();
}

absl::Status EncodeAt(const MessagePlan& plan, py::handle value, std::string& out, int depth) {
  if (depth > kMaxDepth) return absl::InvalidArgumentError(absl::StrCat(": is nested more than ", kMaxDepth, " deep"));
  absl::Status status;
  switch (plan.form) {
    case MessageForm::kDataclass:
      status = EncodeDataclass(plan, value, out, depth);
      break;
    case MessageForm::kDictionary:
      status = EncodeDictionary(plan, value, out, depth);
      break;
    case MessageForm::kWrapped:
      if (!plan.fields.empty()) return AppendField(plan.fields[0], value, out, depth);
      return value.is_none() ? absl::OkStatus() : Unexpected("None", value);
    case MessageForm::kArguments:
      return absl::InternalError(": the arguments of a function are no object");
  }
  if (status.ok() || depth == 0) return status;
  return Prefixed(status, status.message()[0] == ':' ? "" : ".");
}

}  // namespace

absl::Status Encode(const MessagePlan& plan, py::handle value, std::string& out) {
  return EncodeAt(plan, value, out, 0);
}

}  // namespace paranet::python
