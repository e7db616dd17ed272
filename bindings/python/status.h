// The one place where an absl::Status becomes a Python exception.
#ifndef PARANET_BINDINGS_PYTHON_STATUS_H_
#define PARANET_BINDINGS_PYTHON_STATUS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// Raises the exception of `status`, of the class that paranet/errors.py has for its code (NOT_FOUND is also a KeyError,
// DEADLINE_EXCEEDED a TimeoutError...); returns if it is OK. Holds the GIL.
void RaiseIfError(const absl::Status& status);

// The value, or its exception. Holds the GIL.
template <typename T>
T ValueOrRaise(absl::StatusOr<T> result) {
  RaiseIfError(result.status());
  return *std::move(result);
}

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_STATUS_H_
