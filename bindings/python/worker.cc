// The extension module `paranet._worker`: serves a module with decorated functions in a process of its own. It is
// small, because each Python actor loads it: no gRPC, no descriptors.
#include <utility>

#include "absl/status/statusor.h"
#include "bindings/python/actor_call.h"
#include "bindings/python/actor_lock.h"
#include "bindings/python/actor_module.h"
#include "bindings/python/decode.h"
#include "bindings/python/encode.h"
#include "bindings/python/message_plan.h"
#include "bindings/python/outgoing_stream.h"
#include "core/worker/serve.h"
#include "pybind11/pybind11.h"

namespace paranet::python {
namespace {

namespace py = pybind11;

constexpr int kInvalidArgument = 3;

[[noreturn]] void RaiseInvalid(const absl::Status& status) {
  absl::string_view why = status.message();
  if (!why.empty() && why[0] == ':') why.remove_prefix(2);
  RaiseError(kInvalidArgument, std::string(why));
}

int ServeModule(int fd, const py::dict& plan, ActorHooks hooks, bool own_locking) {
  ActorModule module(plan, std::move(hooks));
  const py::gil_scoped_release release;
  return Serve(fd, module.table(), {.own_locking = own_locking});
}

}  // namespace

PYBIND11_MODULE(_worker, m) {
  DefineOutgoingStream(m);
  DefineActorCall(m);
  py::class_<ActorLock>(m, "Lock")
      .def(py::init<>())
      .def("acquire", &ActorLock::Acquire, py::call_guard<py::gil_scoped_release>())
      .def("release", &ActorLock::Release);
  py::class_<MessagePlans>(m, "Codec")
      .def(py::init<const py::list&>(), py::arg("messages"))
      .def(
          "encode",
          [](const MessagePlans& self, size_t index, const py::object& value) {
            std::string bytes;
            if (const absl::Status status = Encode(self.at(index), value, bytes); !status.ok()) RaiseInvalid(status);
            return py::bytes(bytes);
          },
          py::arg("index"), py::arg("value"))
      .def(
          "decode",
          [](const MessagePlans& self, size_t index, const py::bytes& bytes) {
            absl::StatusOr<py::object> value = Decode(self.at(index), std::string_view(bytes));
            if (!value.ok()) RaiseInvalid(value.status());
            return *std::move(value);
          },
          py::arg("index"), py::arg("data"))
      .def(
          "decode_fields",
          [](const MessagePlans& self, size_t index, const py::bytes& bytes) {
            const MessagePlan& plan = self.at(index);
            std::vector<py::object> values(plan.fields.size());
            const absl::Status status = DecodeFields(plan, std::string_view(bytes), absl::MakeSpan(values));
            if (!status.ok()) RaiseInvalid(status);
            py::dict fields;
            for (size_t i = 0; i < values.size(); ++i) {
              if (values[i]) fields[plan.fields[i].name] = values[i];
            }
            return fields;
          },
          py::arg("index"), py::arg("data"));
  m.def(
      "serve",
      [](int fd, const py::dict& plan, const py::object& context, const py::object& describe_error,
         const py::object& event_loop, const py::object& lock, bool own_locking) {
        return ServeModule(
            fd, plan, {.context = context, .describe_error = describe_error, .event_loop = event_loop, .lock = lock},
            own_locking);
      },
      py::arg("fd"), py::arg("plan"), py::kw_only(), py::arg("context"), py::arg("describe_error"),
      py::arg("event_loop"), py::arg("lock"), py::arg("own_locking"));
  m.def(
      "serve_failure", [](int fd, const std::string& why) { return ServeFailure(fd, why); }, py::arg("fd"),
      py::arg("why"));
}

}  // namespace paranet::python
