// The exception that Python has set, as text.
#ifndef PARANET_BINDINGS_PYTHON_PYTHON_ERROR_H_
#define PARANET_BINDINGS_PYTHON_PYTHON_ERROR_H_

#include <string>

#include "pybind11/pybind11.h"

namespace paranet::python {

// Takes the exception that is set, with its traceback in it; None if none is set. Holds the GIL.
pybind11::object TakePythonError();

// `ValueError: no such city`. Takes the exception that is set. Holds the GIL.
std::string TakePythonErrorText();

// `str`, `NoneType`: for messages.
std::string TypeName(pybind11::handle object);

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_PYTHON_ERROR_H_
