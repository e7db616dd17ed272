#include "bindings/python/status.h"

#include <string>

#include "pybind11/eval.h"

namespace paranet::python {
namespace {

namespace py = pybind11;

struct ErrorClass {
  absl::StatusCode code;
  const char* name;
  // The builtin that it also is; null: RuntimeError.
  PyObject** builtin;
};

const ErrorClass kErrorClasses[] = {
    {absl::StatusCode::kCancelled, "CancelledError", nullptr},
    {absl::StatusCode::kUnknown, "UnknownError", nullptr},
    {absl::StatusCode::kInvalidArgument, "InvalidArgumentError", &PyExc_ValueError},
    {absl::StatusCode::kDeadlineExceeded, "DeadlineExceededError", &PyExc_TimeoutError},
    {absl::StatusCode::kNotFound, "NotFoundError", &PyExc_KeyError},
    {absl::StatusCode::kAlreadyExists, "AlreadyExistsError", &PyExc_FileExistsError},
    {absl::StatusCode::kPermissionDenied, "PermissionDeniedError", &PyExc_PermissionError},
    {absl::StatusCode::kResourceExhausted, "ResourceExhaustedError", nullptr},
    {absl::StatusCode::kFailedPrecondition, "FailedPreconditionError", nullptr},
    {absl::StatusCode::kAborted, "AbortedError", nullptr},
    {absl::StatusCode::kOutOfRange, "OutOfRangeError", &PyExc_IndexError},
    {absl::StatusCode::kUnimplemented, "UnimplementedError", &PyExc_NotImplementedError},
    {absl::StatusCode::kInternal, "InternalError", nullptr},
    {absl::StatusCode::kUnavailable, "UnavailableError", &PyExc_ConnectionError},
    {absl::StatusCode::kDataLoss, "DataLossError", nullptr},
    {absl::StatusCode::kUnauthenticated, "UnauthenticatedError", &PyExc_PermissionError},
};

}  // namespace

void DefineErrors(py::module_& module) {
  // Made in Python, so that each is an ordinary class: two bases, a code, and a message that prints as it is (KeyError
  // would quote it).
  py::exec(R"(
class Error(Exception):
    """Base of all errors of Paranet. `code` is the gRPC status code's name."""

    code = "UNKNOWN"

    def __str__(self):
        return " ".join(str(arg) for arg in self.args)
)",
           module.attr("__dict__"));
  const py::object base = module.attr("Error");
  base.attr("__module__") = "paranet";
  for (const ErrorClass& error : kErrorClasses) {
    const py::handle builtin = error.builtin == nullptr ? PyExc_RuntimeError : *error.builtin;
    const py::object type = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(&PyType_Type))(
        error.name, py::make_tuple(base, builtin),
        py::dict(py::arg("code") = absl::StatusCodeToString(error.code), py::arg("__module__") = "paranet"));
    module.attr(error.name) = type;
  }
}

void RaiseIfError(const absl::Status& status) {
  if (status.ok()) return;
  const py::module_ module = py::module_::import("paranet._native");
  py::object type = module.attr("Error");
  for (const ErrorClass& error : kErrorClasses) {
    if (error.code == status.code()) type = module.attr(error.name);
  }
  PyErr_SetObject(type.ptr(), py::str(std::string(status.message())).ptr());
  throw py::error_already_set();
}

}  // namespace paranet::python
