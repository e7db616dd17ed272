#include "bindings/python/python_error.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paranet::python {

namespace py = pybind11;

py::object TakePythonError() {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  if (type == nullptr) return py::none();
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return py::reinterpret_steal<py::object>(value);
}

std::string TakePythonErrorText() {
  const py::object error = TakePythonError();
  const std::string type = TypeName(error);
  const auto text = py::reinterpret_steal<py::object>(PyObject_Str(error.ptr()));
  Py_ssize_t size = 0;
  const char* const data = text ? PyUnicode_AsUTF8AndSize(text.ptr(), &size) : nullptr;
  if (data == nullptr) {
    PyErr_Clear();
    return type;
  }
  return absl::StrCat(type, ": ", absl::string_view(data, static_cast<size_t>(size)));
}

std::string TypeName(py::handle object) { return Py_TYPE(object.ptr())->tp_name; }

}  // namespace paranet::python
