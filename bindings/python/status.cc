#include "bindings/python/status.h"

#include <string>

namespace paranet::python {

namespace py = pybind11;

void RaiseIfError(const absl::Status& status) {
  if (status.ok()) return;
  const py::dict classes = py::module_::import("paranet.errors").attr("BY_NUMBER");
  const py::object type = classes[py::int_(static_cast<int>(status.code()))];
  PyErr_SetObject(type.ptr(), py::str(std::string(status.message())).ptr());
  throw py::error_already_set();
}

}  // namespace paranet::python
