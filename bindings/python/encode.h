// From Python objects to protobuf's bytes.
#ifndef PARANET_BINDINGS_PYTHON_ENCODE_H_
#define PARANET_BINDINGS_PYTHON_ENCODE_H_

#include <string>

#include "absl/status/status.h"
#include "bindings/python/message_plan.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// Appends the message that `value` is by `plan`, of any form but kArguments, to `out`. The same objects make the same
// bytes. INVALID_ARGUMENT: it is not what the hint says, with the path of the field, what was expected and what was
// found: `items[3].city: expected str, found int`. Holds the GIL.
absl::Status Encode(const MessagePlan& plan, pybind11::handle value, std::string& out);

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_ENCODE_H_
