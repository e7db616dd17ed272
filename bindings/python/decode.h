// From protobuf's bytes to Python objects.
#ifndef PARANET_BINDINGS_PYTHON_DECODE_H_
#define PARANET_BINDINGS_PYTHON_DECODE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bindings/python/message_plan.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// The value of each field of `plan` that is in `bytes`, a serialized message from anyone, and what stands in its place
// if it is not; null only for FieldAbsence::kOmitted. `values` is as long as plan.fields and all null. As protobuf does
// it: the last of several counts, messages are merged, unknown fields are passed over, nesting ends at 100.
//
// INVALID_ARGUMENT: no message, with the path of the field: `items[3].city: is not UTF-8`. Holds the GIL.
absl::Status DecodeFields(const MessagePlan& plan, absl::string_view bytes, absl::Span<pybind11::object> values);

// The object of a message of any form but kArguments. An exception of its class's constructor is INVALID_ARGUMENT too.
absl::StatusOr<pybind11::object> Decode(const MessagePlan& plan, absl::string_view bytes);

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_DECODE_H_
