#include "bindings/python/actor_call.h"

#include <limits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bindings/python/decode.h"
#include "bindings/python/encode.h"
#include "bindings/python/gil.h"
#include "bindings/python/outside.h"
#include "pybind11/stl.h"

namespace paranet::python {
namespace {

namespace py = pybind11;

constexpr int32_t kInvalidArgument = 3;
constexpr int32_t kInternal = 13;

absl::string_view View(paranet_bytes bytes) {
  return {bytes.data == nullptr ? "" : static_cast<const char*>(bytes.data), bytes.size};
}
absl::string_view View(paranet_text text) { return {text.data == nullptr ? "" : text.data, text.size}; }

// Of a call that a coroutine waits for.
void OnDone(void* user, int32_t code, paranet_text message, paranet_bytes response) {
  const std::unique_ptr<py::object> done(static_cast<py::object*>(user));
  const Gil gil;
  const absl::string_view bytes = code == 0 ? View(response) : View(message);
  try {
    (*done)(code, py::bytes(bytes.data(), bytes.size()));
  } catch (py::error_already_set& error) {
    // The event loop has ended: nobody waits.
    error.discard_as_unraisable("the end of a call");
  }
  *done = py::object();
}

}  // namespace

void RaiseError(int32_t code, const std::string& text) {
  const py::dict classes = py::module_::import("paranet.errors").attr("BY_NUMBER");
  const py::object type = classes[py::int_(code)];
  // Text may come from anyone.
  const auto message = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
  PyErr_SetObject(type.ptr(), message.ptr());
  throw py::error_already_set();
}

py::str ActorCall::Caller() const {
  const absl::string_view caller = View(host_->caller(host_, call_));
  return {caller.data(), caller.size()};
}

std::optional<double> ActorCall::Deadline() const {
  const int64_t micros = host_->deadline(host_, call_);
  if (micros == std::numeric_limits<int64_t>::max()) return std::nullopt;
  return static_cast<double>(micros) / 1e6;
}

bool ActorCall::Cancelled() const { return host_->is_cancelled(host_, call_) != 0; }

py::list ActorCall::Metadata(const std::string& key) const {
  py::list values;
  paranet_text value;
  for (size_t i = 0; host_->metadata(host_, call_, Text(key), i, &value) != 0; ++i) {
    if (absl::EndsWith(key, "-bin")) {
      values.append(py::bytes(value.data, value.size));
    } else {
      values.append(py::reinterpret_steal<py::object>(
          PyUnicode_DecodeUTF8(value.data, static_cast<Py_ssize_t>(value.size), "replace")));
    }
  }
  return values;
}

bool ActorCall::AddTrailer(const std::string& key, const py::object& value) const {
  const auto text = value.cast<std::string>();
  return host_->add_trailer(host_, call_, Text(key), Text(text)) != 0;
}

bool ActorCall::Sleep(double seconds) const {
  const int64_t micros = absl::ToInt64Microseconds(absl::Seconds(seconds));
  return Outside(lock_, [&] { return host_->wait(host_, call_, micros); }) != 0;
}

std::optional<std::string> ActorCall::Config(const std::string& key) const {
  paranet_text value;
  if (host_->config(host_, Text(key), &value) == 0) return std::nullopt;
  return std::string(View(value));
}

void ActorCall::Log(int32_t level, const std::string& text) const { host_->log(host_, level, Text(text)); }

int64_t ActorCall::DeadlineOf(std::optional<double> timeout) {
  if (!timeout.has_value()) return std::numeric_limits<int64_t>::max();
  return absl::ToUnixMicros(absl::Now() + absl::Seconds(*timeout));
}

py::tuple ActorCall::Call(const std::string& skill, const py::bytes& request, std::optional<double> timeout) const {
  const std::string bytes = request;
  paranet_bytes result{nullptr, 0};
  const int32_t code = Outside(lock_, [&] {
    return host_->call_and_wait(host_, call_, Text(skill), DeadlineOf(timeout), {bytes.data(), bytes.size()}, &result);
  });
  return py::make_tuple(code, py::bytes(View(result).data(), View(result).size()));
}

void ActorCall::CallAsync(const std::string& skill, const py::bytes& request, std::optional<double> timeout,
                          const py::object& done) const {
  const std::string bytes = request;
  auto user = std::make_unique<py::object>(done);
  Outside(nullptr, [&] {
    host_->call(host_, call_, Text(skill), DeadlineOf(timeout), {bytes.data(), bytes.size()}, &OnDone, user.release());
  });
}

std::unique_ptr<OutgoingStream> ActorCall::Open(const std::string& skill, std::optional<double> timeout) const {
  return std::make_unique<OutgoingStream>(host_, call_, skill, DeadlineOf(timeout), lock_);
}

py::object ActorCall::Read() const {
  paranet_bytes message{nullptr, 0};
  if (Outside(lock_, [&] { return host_->read(host_, call_, &message); }) == 0) throw py::stop_iteration();
  absl::StatusOr<py::object> request = Decode(*method_->request, View(message));
  if (request.ok()) return *std::move(request);
  RaiseError(kInvalidArgument,
             absl::StrCat("a request of ", method_->name, ": ", std::string(request.status().message())));
}

std::string ActorCall::EncodeResponse(py::handle response) const {
  std::string bytes;
  const absl::Status status = Encode(*method_->response, response, bytes);
  if (status.ok()) return bytes;
  absl::string_view why = status.message();
  if (why[0] == ':') why.remove_prefix(2);
  RaiseError(kInternal, absl::StrCat("the answer of ", method_->name, " is not what its hint says: ", why));
}

bool ActorCall::Write(py::handle response) const {
  const std::string bytes = EncodeResponse(response);
  return Outside(lock_, [&] { return host_->write(host_, call_, {bytes.data(), bytes.size()}); }) != 0;
}

void ActorCall::Answer(py::handle response) const {
  const std::string bytes = EncodeResponse(response);
  Outside(nullptr, [&] { host_->respond(host_, call_, 0, {nullptr, 0}, {bytes.data(), bytes.size()}); });
}

void ActorCall::Fail(int32_t code, const std::string& text) const {
  Outside(nullptr, [&] { host_->respond(host_, call_, code, Text(text), {nullptr, 0}); });
}

void DefineActorCall(py::module_& module) {
  py::class_<ActorCall, std::shared_ptr<ActorCall>>(module, "Call", py::dynamic_attr())
      .def("caller", &ActorCall::Caller)
      .def("deadline", &ActorCall::Deadline)
      .def("cancelled", &ActorCall::Cancelled)
      .def("metadata", &ActorCall::Metadata, py::arg("key"))
      .def("add_trailer", &ActorCall::AddTrailer, py::arg("key"), py::arg("value"))
      .def("sleep", &ActorCall::Sleep, py::arg("seconds"))
      .def("config", &ActorCall::Config, py::arg("key"))
      .def("log", &ActorCall::Log, py::arg("level"), py::arg("text"))
      .def("call", &ActorCall::Call, py::arg("skill"), py::arg("request"), py::arg("timeout"))
      .def("call_async", &ActorCall::CallAsync, py::arg("skill"), py::arg("request"), py::arg("timeout"),
           py::arg("done"))
      .def("open", &ActorCall::Open, py::arg("skill"), py::arg("timeout"))
      .def("__iter__", [](const py::object& self) { return self; })
      .def("__next__", &ActorCall::Read)
      .def("write", &ActorCall::Write, py::arg("response"))
      .def("answer", &ActorCall::Answer, py::arg("response"))
      .def("fail", &ActorCall::Fail, py::arg("code"), py::arg("text"));
}

}  // namespace paranet::python
